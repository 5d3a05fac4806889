#!/bin/sh
# Around a patch tool: open, patch what is open, and close whatever happens. Copy it and put your tool in.
set -u
trap 'jit_close || jit_close' EXIT
trap 'exit 130' INT TERM HUP

jit_open -l "$1" -d 2h -j "$2"
case $? in
0) ;;
2) echo "some hosts did not open; going on with the others" >&2 ;;
*) exit 1 ;;
esac
${PATCH_TOOL:-./patch} "$1"
