# Copyright (c) 2026 jitfleet contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    # Modules read the environment by themselves, so the variables stand in the descriptions.
    DOCUMENTATION = r"""
options:
  auth_source:
    description:
      - Where the credential comes from.
      - "V(auto) takes the first of these that holds one: the options, the environment (E(AZURE_PROFILE), or the
        variables named at each option), the profile C(default) of C(~/.azure/credentials), the login of the Azure
        CLI."
      - V(env) and V(credential_file) take the environment or a profile of that file alone, V(cli) the login of the
        Azure CLI (C(az login)), V(msi) the managed identity of the machine that runs Ansible, V(default) the SDK's
        C(DefaultAzureCredential) without anything interactive.
      - No value ever opens a browser or asks a question.
      - Without it the environment variable E(ANSIBLE_AZURE_AUTH_SOURCE) is used, and without that V(auto).
    type: str
    choices: [auto, cli, env, credential_file, msi, default]
  profile:
    description:
      - The name of a profile (a section) of C(~/.azure/credentials), an ini file with the names of these options
        as keys.
      - Without it the environment variable E(AZURE_PROFILE) is used.
    type: str
  subscription_id:
    description:
      - The Azure subscription to use where a VM is not named by its full id.
      - Without it the environment variable E(AZURE_SUBSCRIPTION_ID) is used.
    type: str
  client_id:
    description:
      - The application (client) id of the service principal, or of a user-assigned managed identity.
      - Without it the environment variable E(AZURE_CLIENT_ID) is used.
    type: str
  secret:
    description:
      - The service principal's client secret.
      - Without it the environment variables E(AZURE_SECRET) and E(AZURE_CLIENT_SECRET) are used, in this order.
    type: str
  tenant:
    description:
      - The Microsoft Entra tenant to sign in to, by id or by domain.
      - Without it the environment variables E(AZURE_TENANT) and E(AZURE_TENANT_ID) are used, in this order.
    type: str
  ad_user:
    description:
      - "The name of a user who signs in by password. Accounts with multi-factor authentication can't, and
        Microsoft is bringing this way to its end: prefer a service principal."
      - Without it the environment variable E(AZURE_AD_USER) is used.
    type: str
  password:
    description:
      - The password of O(ad_user).
      - Without it the environment variable E(AZURE_PASSWORD) is used.
    type: str
  x509_certificate_path:
    description:
      - The service principal's certificate with its private (RSA) key, in one PEM or PKCS#12 (PFX) file.
      - Without it the environment variables E(AZURE_X509_CERTIFICATE_PATH) and E(AZURE_CLIENT_CERTIFICATE_PATH)
        are used, in this order.
    type: path
  x509_certificate_password:
    description:
      - The password of that file, if it has one.
      - Without it the environment variable E(AZURE_CLIENT_CERTIFICATE_PASSWORD) is used.
    type: str
  thumbprint:
    description:
      - Accepted because C(azure.azcollection) asks for it. It is worked out from the certificate, whatever stands
        here.
      - Without it the environment variable E(AZURE_THUMBPRINT) is used.
    type: str
  oidc_token:
    description:
      - A token of another identity provider that the service principal trusts (workload identity federation).
      - Without it the environment variable E(AZURE_FEDERATED_TOKEN) is used.
    type: str
  oidc_token_file_path:
    description:
      - A file that holds such a token and nothing else. It is read anew whenever a token of Azure is asked for.
      - Without it the environment variable E(AZURE_FEDERATED_TOKEN_FILE) is used.
    type: path
  cloud_environment:
    description:
      - The Azure cloud, by its name (V(AzureCloud), V(AzureUSGovernment), V(AzureChinaCloud)), or by the C(https)
        URL of its Resource Manager, from which the metadata endpoint is read. Where tokens are asked for, and for
        what, follows from it.
      - Without it the environment variable E(AZURE_CLOUD_ENVIRONMENT) is used, and without that the cloud of C(az)
        if it is C(az) that signs in, else V(AzureCloud).
    type: str
  cert_validation_mode:
    description:
      - "V(ignore) takes any TLS certificate, also where tokens are asked for: whoever sits on the way can then
        read them. A bundle of one's own authorities in E(REQUESTS_CA_BUNDLE) does without."
      - Without it the environment variable E(AZURE_CERT_VALIDATION_MODE) is used, and without that V(validate).
    type: str
    choices: [validate, ignore]
  disable_instance_discovery:
    description:
      - Don't ask Microsoft's public service whether the cloud's sign-in address is genuine.
      - Set it for private clouds and for the simulator, which are not known there.
      - Without it the environment variable E(AZURE_DISABLE_INSTANCE_DISCOVERY) is used, and without that V(false).
    type: bool
  adfs_authority_url:
    description:
      - The address to sign in at, if it is another than the cloud's, such as C(https://adfs.example.com/adfs).
      - Without it the environment variable E(AZURE_ADFS_AUTHORITY_URL) is used.
    type: str
notes:
  - An empty option or environment variable counts as not set.
  - Where two environment variables for one thing differ, such as E(AZURE_SECRET) and E(AZURE_CLIENT_SECRET), that of
    C(azure.azcollection), named first, is used, with a warning.
  - O(tenant), O(subscription_id), O(cloud_environment), O(cert_validation_mode), O(disable_instance_discovery) and
    O(adfs_authority_url) say where to sign in and work. Given as options, they win over every source. The options
    that say who signs in win over the environment with O(auth_source=auto), and are not looked at where
    O(auth_source) or O(profile) names another source; a O(tenant) beside them then goes with them.
  - If a source offers several proofs, the first of O(oidc_token), O(oidc_token_file_path), O(secret),
    O(x509_certificate_path) and O(ad_user) is taken.
  - Tokens are kept in memory alone, and are renewed before they end.
seealso:
  - ref: ansible_collections.jitfleet.azure.docsite.guide_authentication
    description: Every way to sign in, with an example of each, and what to do when it fails.
requirements:
  - azure-identity >= 1.19
  - azure-mgmt-core >= 1.5
"""

    # The same for plugins. They have no choices here: Ansible would refuse a variable that is set to nothing.
    PLUGIN = r"""
options:
  auth_source:
    description:
      - Where the credential comes from.
      - "V(auto) takes the first of these that holds one: the options, the environment (E(AZURE_PROFILE), or the
        variables named at each option), the profile C(default) of C(~/.azure/credentials), the login of the Azure
        CLI."
      - V(env) and V(credential_file) take the environment or a profile of that file alone, V(cli) the login of the
        Azure CLI (C(az login)), V(msi) the managed identity of the machine that runs Ansible, V(default) the SDK's
        C(DefaultAzureCredential) without anything interactive.
      - No value ever opens a browser or asks a question.
      - One of V(auto), V(cli), V(env), V(credential_file), V(msi), V(default).
      - Without it and without the variable V(auto).
    type: str
    env:
      - name: ANSIBLE_AZURE_AUTH_SOURCE
  profile:
    description:
      - The name of a profile (a section) of C(~/.azure/credentials), an ini file with the names of these options
        as keys.
    type: str
    env:
      - name: AZURE_PROFILE
  client_id:
    description:
      - The application (client) id of the service principal, or of a user-assigned managed identity.
    type: str
    env:
      - name: AZURE_CLIENT_ID
  secret:
    description:
      - The service principal's client secret.
    type: str
    env:
      - name: AZURE_SECRET
      - name: AZURE_CLIENT_SECRET
  tenant:
    description:
      - The Microsoft Entra tenant to sign in to, by id or by domain.
    type: str
    env:
      - name: AZURE_TENANT
      - name: AZURE_TENANT_ID
  ad_user:
    description:
      - "The name of a user who signs in by password. Accounts with multi-factor authentication can't, and
        Microsoft is bringing this way to its end: prefer a service principal."
    type: str
    env:
      - name: AZURE_AD_USER
  password:
    description:
      - The password of O(ad_user).
    type: str
    env:
      - name: AZURE_PASSWORD
  x509_certificate_path:
    description:
      - The service principal's certificate with its private (RSA) key, in one PEM or PKCS#12 (PFX) file.
    type: path
    env:
      - name: AZURE_X509_CERTIFICATE_PATH
      - name: AZURE_CLIENT_CERTIFICATE_PATH
  x509_certificate_password:
    description:
      - The password of that file, if it has one.
    type: str
    env:
      - name: AZURE_CLIENT_CERTIFICATE_PASSWORD
  thumbprint:
    description:
      - Accepted because C(azure.azcollection) asks for it. It is worked out from the certificate, whatever stands
        here.
    type: str
    env:
      - name: AZURE_THUMBPRINT
  oidc_token:
    description:
      - A token of another identity provider that the service principal trusts (workload identity federation).
    type: str
    env:
      - name: AZURE_FEDERATED_TOKEN
  oidc_token_file_path:
    description:
      - A file that holds such a token and nothing else. It is read anew whenever a token of Azure is asked for.
    type: path
    env:
      - name: AZURE_FEDERATED_TOKEN_FILE
  cloud_environment:
    description:
      - The Azure cloud, by its name (V(AzureCloud), V(AzureUSGovernment), V(AzureChinaCloud)), or by the C(https)
        URL of its Resource Manager, from which the metadata endpoint is read. Where tokens are asked for, and for
        what, follows from it.
      - Without it and without the variable the cloud of C(az) if it is C(az) that signs in, else V(AzureCloud).
    type: str
    env:
      - name: AZURE_CLOUD_ENVIRONMENT
  cert_validation_mode:
    description:
      - "V(ignore) takes any TLS certificate, also where tokens are asked for: whoever sits on the way can then
        read them. A bundle of one's own authorities in E(REQUESTS_CA_BUNDLE) does without."
      - One of V(validate), V(ignore).
      - Without it and without the variable V(validate).
    type: str
    env:
      - name: AZURE_CERT_VALIDATION_MODE
  disable_instance_discovery:
    description:
      - Don't ask Microsoft's public service whether the cloud's sign-in address is genuine.
      - Set it for private clouds and for the simulator, which are not known there.
      - Without it and without the variable V(false).
    type: bool
    env:
      - name: AZURE_DISABLE_INSTANCE_DISCOVERY
  adfs_authority_url:
    description:
      - The address to sign in at, if it is another than the cloud's, such as C(https://adfs.example.com/adfs).
    type: str
    env:
      - name: AZURE_ADFS_AUTHORITY_URL
notes:
  - An empty option or environment variable counts as not set.
  - Where two environment variables for one thing differ, such as E(AZURE_SECRET) and E(AZURE_CLIENT_SECRET), that of
    C(azure.azcollection), named first, is used, with a warning.
  - O(tenant), O(cloud_environment), O(cert_validation_mode), O(disable_instance_discovery) and
    O(adfs_authority_url) say where to sign in and work. Given as options, they win over every source. The options
    that say who signs in win over the environment with O(auth_source=auto), and are not looked at where
    O(auth_source) or O(profile) names another source; a O(tenant) beside them then goes with them.
  - If a source offers several proofs, the first of O(oidc_token), O(oidc_token_file_path), O(secret),
    O(x509_certificate_path) and O(ad_user) is taken.
  - Tokens are kept in memory alone, and are renewed before they end.
seealso:
  - ref: ansible_collections.jitfleet.azure.docsite.guide_authentication
    description: Every way to sign in, with an example of each, and what to do when it fails.
requirements:
  - azure-identity >= 1.19
  - azure-mgmt-core >= 1.5
"""
