"""Everything that can be wrong with a set-up, each with its own code, what it means, and what to do about it.

A code is `SCOPE.CLASS.NAME`. Scope: whom it stops (the installation, a tenant, a connection, a mailbox, a user). Class:
`CONFIG` is mended by a person, `TRANSIENT` may pass by itself, `SOON` is not wrong yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Finding(StrEnum):
    # --- this installation
    SETTINGS = "INSTALLATION.CONFIG.SETTINGS"
    KEYS_UNREADABLE = "INSTALLATION.CONFIG.KEYS_UNREADABLE"
    KEYS_MISSING = "INSTALLATION.CONFIG.KEYS_MISSING"
    DATABASE_SILENT = "INSTALLATION.CONFIG.DATABASE_SILENT"
    DATABASE_BEHIND = "INSTALLATION.CONFIG.DATABASE_BEHIND"
    REDIS_SILENT = "INSTALLATION.CONFIG.REDIS_SILENT"
    REDIS_EVICTS = "INSTALLATION.CONFIG.REDIS_EVICTS"
    CLOCK_WRONG = "INSTALLATION.CONFIG.CLOCK_WRONG"
    BEAT_SILENT = "INSTALLATION.TRANSIENT.BEAT_SILENT"
    FEED_LATE = "INSTALLATION.TRANSIENT.FEED_LATE"
    SHARD_UNATTENDED = "INSTALLATION.TRANSIENT.SHARD_UNATTENDED"
    # --- every connection
    NOT_CONNECTED = "CONNECTION.CONFIG.NOT_CONNECTED"
    FACTS_WRONG = "CONNECTION.CONFIG.FACTS_WRONG"
    UNREACHABLE = "CONNECTION.CONFIG.UNREACHABLE"
    TLS_UNTRUSTED = "CONNECTION.CONFIG.TLS_UNTRUSTED"
    TLS_TOO_OLD = "CONNECTION.CONFIG.TLS_TOO_OLD"
    THROTTLED = "CONNECTION.TRANSIENT.THROTTLED"
    OUT_OF_SERVICE = "CONNECTION.TRANSIENT.OUT_OF_SERVICE"
    CONSENT_OVER = "CONNECTION.CONFIG.CONSENT_OVER"
    SECRET_WRONG = "CONNECTION.CONFIG.SECRET_WRONG"  # noqa: S105  # a code
    SECRET_EXPIRED = "CONNECTION.CONFIG.SECRET_EXPIRED"  # noqa: S105  # a code
    CREDENTIAL_ENDS = "CONNECTION.SOON.CREDENTIAL_ENDS"
    CLIENT_UNKNOWN = "CONNECTION.CONFIG.CLIENT_UNKNOWN"
    CERTIFICATE_WRONG = "CONNECTION.CONFIG.CERTIFICATE_WRONG"
    MFA_NEEDED = "CONNECTION.CONFIG.MFA_NEEDED"
    REFUSED = "CONNECTION.CONFIG.REFUSED"
    # --- Exchange
    EWS_ADDRESS = "CONNECTION.CONFIG.EWS_ADDRESS"
    EWS_OFF = "CONNECTION.CONFIG.EWS_OFF"
    EWS_BUILD = "CONNECTION.CONFIG.EWS_BUILD"
    PASSWORD_WRONG = "CONNECTION.CONFIG.PASSWORD_WRONG"  # noqa: S105  # a code
    PASSWORD_EXPIRED = "CONNECTION.CONFIG.PASSWORD_EXPIRED"  # noqa: S105  # a code
    IMPERSONATION_MISSING = "CONNECTION.CONFIG.IMPERSONATION_MISSING"
    ACCOUNT_DISABLED = "CONNECTION.CONFIG.ACCOUNT_DISABLED"
    FOLDER_RIGHTS = "MAILBOX.CONFIG.FOLDER_RIGHTS"
    # --- every mailbox
    MAILBOX_UNKNOWN = "MAILBOX.CONFIG.UNKNOWN"
    MAILBOX_UNLICENSED = "MAILBOX.CONFIG.UNLICENSED"
    MAILBOX_MOVING = "MAILBOX.TRANSIENT.MOVING"
    MAILBOX_NOT_ADMITTED = "MAILBOX.CONFIG.NOT_ADMITTED"
    MAILBOX_OF_SOMEBODY_ELSE = "MAILBOX.CONFIG.WRONG_ACCOUNT"
    # --- Microsoft 365
    TENANT_UNKNOWN = "TENANT.CONFIG.TENANT_UNKNOWN"
    ADMIN_CONSENT = "TENANT.CONFIG.ADMIN_CONSENT"
    GRAPH_CALENDARS = "TENANT.CONFIG.GRAPH_CALENDARS"
    GRAPH_MAIL = "TENANT.CONFIG.GRAPH_MAIL"
    GRAPH_CONTACTS = "TENANT.CONFIG.GRAPH_CONTACTS"
    GRAPH_TASKS = "TENANT.CONFIG.GRAPH_TASKS"
    GRAPH_SETTINGS = "TENANT.CONFIG.GRAPH_SETTINGS"
    # --- Google
    DELEGATION_MISSING = "TENANT.CONFIG.DELEGATION_MISSING"
    DELEGATION_CALENDAR = "TENANT.CONFIG.DELEGATION_CALENDAR"
    DELEGATION_GMAIL = "TENANT.CONFIG.DELEGATION_GMAIL"
    DELEGATION_TASKS = "TENANT.CONFIG.DELEGATION_TASKS"
    DELEGATION_PEOPLE = "TENANT.CONFIG.DELEGATION_PEOPLE"
    DELEGATION_DRIVE = "TENANT.CONFIG.DELEGATION_DRIVE"
    SCOPE_LACKING = "CONNECTION.CONFIG.SCOPE_LACKING"
    API_OFF = "TENANT.CONFIG.API_OFF"
    ACCOUNT_KEY_WRONG = "CONNECTION.CONFIG.ACCOUNT_KEY_WRONG"
    GOOGLE_USER_SUSPENDED = "MAILBOX.CONFIG.USER_SUSPENDED"
    # --- Salesforce
    APP_NOT_APPROVED = "CONNECTION.CONFIG.APP_NOT_APPROVED"
    CRM_LOGIN_INACTIVE = "CONNECTION.CONFIG.CRM_LOGIN_INACTIVE"
    CRM_NETWORK = "CONNECTION.CONFIG.CRM_NETWORK"
    CRM_API_OFF = "CONNECTION.CONFIG.CRM_API_OFF"
    CRM_API_SPENT = "TENANT.TRANSIENT.CRM_API_SPENT"
    CRM_EDIT_EVENTS = "CONNECTION.CONFIG.CRM_EDIT_EVENTS"
    CRM_EDIT_TASKS = "CONNECTION.CONFIG.CRM_EDIT_TASKS"
    CRM_SEES_LITTLE = "CONNECTION.CONFIG.CRM_SEES_LITTLE"
    CRM_OBJECT_HIDDEN = "CONNECTION.CONFIG.CRM_OBJECT_HIDDEN"
    CRM_FIELD_READ_ONLY = "CONNECTION.CONFIG.CRM_FIELD_READ_ONLY"
    CRM_KEY_FIELD = "TENANT.CONFIG.CRM_KEY_FIELD"
    CRM_SHARED_ACTIVITIES = "TENANT.CONFIG.CRM_SHARED_ACTIVITIES"
    CRM_PERSON_ACCOUNTS = "TENANT.CONFIG.CRM_PERSON_ACCOUNTS"
    OTHER_ENGINE = "TENANT.CONFIG.OTHER_ENGINE"
    SETTING_UNFIT = "TENANT.CONFIG.SETTING_UNFIT"
    # --- a user
    CRM_USER_UNKNOWN = "USER.CONFIG.CRM_USER_UNKNOWN"
    CRM_USER_INACTIVE = "USER.CONFIG.CRM_USER_INACTIVE"
    CRM_OF_SOMEBODY_ELSE = "USER.CONFIG.CRM_OF_SOMEBODY_ELSE"
    SUSPENDED = "USER.CONFIG.SUSPENDED"


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong, and what a person does about it."""

    wrong: str
    cure: str


_APP = "in Entra ID, App registrations, API permissions, and grant admin consent"
_DELEGATE = "in the Admin console, API controls, Domain-wide delegation, for the client id of the service account"


def _permission(name: str) -> Told:
    return Told(f"the application lacks the permission {name}", f"Add {name} {_APP}.")


def _scope(service: str, name: str) -> Told:
    return Told(
        f"the service account is not granted the scope of {service}",
        f"Add https://www.googleapis.com/auth/{name} {_DELEGATE}.",
    )


FINDINGS: Mapping[Finding, Told] = {
    Finding.SETTINGS: Told(
        "a setting cannot be used", "Correct it in the environment (INBOX_SYNC_...) or in inbox-sync.toml."
    ),
    Finding.KEYS_UNREADABLE: Told(
        "the secret keys cannot be read", "Restore the key file from your backup with mode 600, or set "
        "INBOX_SYNC_SECRET_KEYS to the keys used so far."
    ),
    Finding.KEYS_MISSING: Told(
        "a key is missing with which stored values were sealed", "Put it back into INBOX_SYNC_SECRET_KEYS or the key "
        "file, behind the first; `inbox-sync keys list` names it. If it is lost, connect everybody again."
    ),
    Finding.DATABASE_SILENT: Told(
        "the database does not answer", "Check INBOX_SYNC_DATABASE_URL, and that the server lets this machine in."
    ),
    Finding.DATABASE_BEHIND: Told("the tables are those of another version", "Run `inbox-sync db upgrade`."),
    Finding.REDIS_SILENT: Told(
        "Redis does not answer", "Start it, or set INBOX_SYNC_REDIS_URL ('embedded' takes one of its own)."
    ),
    Finding.REDIS_EVICTS: Told(
        "Redis throws away messages when its memory is full", "Set `maxmemory-policy noeviction` in its configuration."
    ),
    Finding.CLOCK_WRONG: Told(
        "this machine's clock and the vendor's differ by more than a minute",
        "Let the machine keep time by NTP; signatures of tokens are only good for minutes.",
    ),
    Finding.BEAT_SILENT: Told(
        "users are due and nobody starts their runs", "Start `inbox-sync beat`, and look into its log when it runs."
    ),
    Finding.FEED_LATE: Told(
        "what moves in the organization is not read for all users at once at the moment, so each of them asks himself",
        "Nothing is missed, but calls are spent: see that beat and workers run, and what Salesforce refused.",
    ),
    Finding.SHARD_UNATTENDED: Told(
        "runs wait in a queue that no worker takes from",
        "Start `inbox-sync worker` with this shard; all of 0 to INBOX_SYNC_SHARDS - 1 need one.",
    ),
    Finding.NOT_CONNECTED: Told("it has no connection yet", "Make one with `inbox-sync org connect`."),
    Finding.FACTS_WRONG: Told(
        "the connection is described in a way that makes no sense", "Correct it with `inbox-sync org connect --set`."
    ),
    Finding.UNREACHABLE: Told(
        "nothing answers at this address", "Check name and port, DNS, the firewall and the proxy, from this machine."
    ),
    Finding.TLS_UNTRUSTED: Told(
        "the server's certificate is not trusted", "Renew it when it has expired, or add its authority to the "
        "certificates of this machine (SSL_CERT_FILE)."
    ),
    Finding.TLS_TOO_OLD: Told(
        "no encrypted connection can be agreed on: the server's TLS is too old",
        "Switch TLS 1.2 or later on at the server or the proxy; `--set tls=1.2` where the connection has that fact.",
    ),
    Finding.THROTTLED: Told("the server asks to slow down", "Nothing; it is tried again later by itself."),
    Finding.OUT_OF_SERVICE: Told("the server is out of service", "Wait, or ask its administrator; it is tried again."),
    Finding.CONSENT_OVER: Told(
        "the consent was taken back or has run out", "Connect the user again: `inbox-sync connect VENDOR USER`."
    ),
    Finding.SECRET_WRONG: Told(
        "the client secret is refused", "Give it anew: `inbox-sync org connect ... --secret client_secret=-`."
    ),
    Finding.SECRET_EXPIRED: Told(
        "the client secret has run out", "Make a new one at the vendor and give it with `inbox-sync org connect`."
    ),
    Finding.CREDENTIAL_ENDS: Told(
        "a credential runs out soon", "Renew it at the vendor, or connect the user again, before that day."
    ),
    Finding.CLIENT_UNKNOWN: Told(
        "the vendor does not know the client id", "Compare it with the app's page; the app may stand in another tenant."
    ),
    Finding.CERTIFICATE_WRONG: Told(
        "the certificate, or its private key, is refused", "Upload the certificate to the app, and give both as PEM."
    ),
    Finding.MFA_NEEDED: Told(
        "the vendor wants the person to prove more than a password", "Connect the user again and follow the pages; "
        "conditional access may have to leave this app out."
    ),
    Finding.REFUSED: Told("the vendor refuses the log-in", "See the vendor's word in the detail."),
    Finding.EWS_ADDRESS: Told(
        "there is no EWS at this address", "It ends in /EWS/Exchange.asmx; for a mailbox in Microsoft 365 use Graph."
    ),
    Finding.EWS_OFF: Told(
        "EWS is switched off for this account or client",
        "Set EWSEnabled and the allow list on the server; for a mailbox in Microsoft 365 use Graph.",
    ),
    Finding.EWS_BUILD: Told(
        "the server does not understand the version that is spoken", "Correct the build: `--set build=15.2.2562.17`."
    ),
    Finding.PASSWORD_WRONG: Told(
        "the user name or password is refused",
        "Check DOMAIN\\user or user@domain, the password, and that the server allows the log-in method (auth).",
    ),
    Finding.PASSWORD_EXPIRED: Told("the password must be changed", "Change it, then `inbox-sync org connect` with it."),
    Finding.IMPERSONATION_MISSING: Told(
        "the service account may not act for this mailbox",
        "Grant it ApplicationImpersonation over the mailbox (New-ManagementRoleAssignment).",
    ),
    Finding.ACCOUNT_DISABLED: Told("the account is disabled", "Enable it in the directory."),
    Finding.FOLDER_RIGHTS: Told(
        "the account may not read this folder", "Grant it Editor rights on calendar, inbox, contacts and tasks."
    ),
    Finding.MAILBOX_UNKNOWN: Told(
        "there is no mailbox with this address here",
        "Check that it is the primary address, and on which service the mailbox is (`inbox-sync user move-mailbox`).",
    ),
    Finding.MAILBOX_UNLICENSED: Told(
        "the user has no mailbox, or no licence for it", "Give the user a licence with mail and calendar."
    ),
    Finding.MAILBOX_MOVING: Told("the mailbox is away for the moment", "Nothing; it is tried again later by itself."),
    Finding.MAILBOX_NOT_ADMITTED: Told(
        "the application is limited to certain mailboxes, and this is none of them",
        "Add the mailbox to the group of the application access policy, or to the scope in RBAC for Applications.",
    ),
    Finding.MAILBOX_OF_SOMEBODY_ELSE: Told(
        "the consent opens somebody else's mailbox", "Connect again and sign in with the user's own account."
    ),
    Finding.TENANT_UNKNOWN: Told("there is no such tenant", "Correct it: `--set tenant=...`, its id or a domain."),
    Finding.ADMIN_CONSENT: Told(
        "only an administrator may consent to this application", f"Add the permissions {_APP}."
    ),
    Finding.GRAPH_CALENDARS: _permission("Calendars.ReadWrite"),
    Finding.GRAPH_MAIL: _permission("Mail.ReadWrite"),
    Finding.GRAPH_CONTACTS: _permission("Contacts.ReadWrite"),
    Finding.GRAPH_TASKS: _permission("Tasks.ReadWrite.All"),
    Finding.GRAPH_SETTINGS: _permission("MailboxSettings.ReadWrite"),
    Finding.DELEGATION_MISSING: Told(
        "the service account may not act for this domain", f"Grant the four scopes of docs/google.md {_DELEGATE}."
    ),
    Finding.DELEGATION_CALENDAR: _scope("Calendar", "calendar"),
    Finding.DELEGATION_GMAIL: _scope("Gmail", "gmail.modify"),
    Finding.DELEGATION_TASKS: _scope("Tasks", "tasks"),
    Finding.DELEGATION_PEOPLE: _scope("Contacts", "contacts"),
    Finding.DELEGATION_DRIVE: _scope("Drive", "drive.readonly"),
    Finding.SCOPE_LACKING: Told("the consent lacks a scope", "Connect the user again and leave all boxes ticked."),
    Finding.API_OFF: Told(
        "the API of this service is not enabled", "Enable it in the Google Cloud project of the client."
    ),
    Finding.ACCOUNT_KEY_WRONG: Told(
        "the key of the service account is refused", "Make a new one; give it with `--secret service_account=@FILE`."
    ),
    Finding.GOOGLE_USER_SUSPENDED: Told(
        "the user is suspended or deleted at Google", "Restore the user, or take it out here."
    ),
    Finding.APP_NOT_APPROVED: Told(
        "the user is not approved for the app", "Install the app in the org, and approve the user by a profile or "
        "permission set of its policies."
    ),
    Finding.CRM_LOGIN_INACTIVE: Told(
        "the user that we sign in as is not active in Salesforce", "Activate it, or connect with another one."
    ),
    Finding.CRM_NETWORK: Told(
        "Salesforce does not let this network or hour in", "Relax the IP restrictions of the app, or the log-in hours."
    ),
    Finding.CRM_API_OFF: Told(
        "the API is not open to this user or org", "Give the permission API Enabled, and an edition that has the API."
    ),
    Finding.CRM_API_SPENT: Told(
        "the API calls of the org are nearly used up", "Sync less often, or raise the limit of the org."
    ),
    Finding.CRM_EDIT_EVENTS: Told("the user may not edit events", "Give it Edit Events and Access Activities."),
    Finding.CRM_EDIT_TASKS: Told("the user may not edit tasks", "Give it Edit Tasks and Access Activities."),
    Finding.CRM_SEES_LITTLE: Told(
        "the user does not see what belongs to others",
        "Give View All Data and Modify All Data: events that it does not see are not shown to their owners.",
    ),
    Finding.CRM_OBJECT_HIDDEN: Told("objects are hidden from the user", "Give read access to them, for instance by the "
                                    "permission set that comes with us."),
    Finding.CRM_FIELD_READ_ONLY: Told("fields that are written cannot be", "Give edit access by field-level security."),
    Finding.CRM_KEY_FIELD: Told(
        "our field is not there, or the user may not write it", "Deploy it with its permission set, for Event and Task "
        "alike: without it creates are found again by a search, which cannot exclude every duplicate."
    ),
    Finding.CRM_SHARED_ACTIVITIES: Told(
        "the org relates one contact to an event, and no more",
        "In Setup, Activity Settings, allow users to relate multiple contacts to tasks and events.",
    ),
    Finding.CRM_PERSON_ACCOUNTS: Told(
        "person accounts are to be made, and the org has none",
        "Switch person accounts on in Salesforce, or `inbox-sync config unset resolve.person_accounts`.",
    ),
    Finding.OTHER_ENGINE: Told(
        "there are signs of another synchronization of the same users", "Switch it off for them: two engines undo each "
        "other's work and make duplicates."
    ),
    Finding.SETTING_UNFIT: Told(
        "a setting names what Salesforce does not have", "Correct it, or give the user of the connection access."
    ),
    Finding.CRM_USER_UNKNOWN: Told(
        "nobody in Salesforce stands for this user", "Add the user anew with `--crm-user ID`."
    ),
    Finding.CRM_USER_INACTIVE: Told(
        "the user is not active in Salesforce", "Activate it there, or `inbox-sync user deactivate` here."
    ),
    Finding.CRM_OF_SOMEBODY_ELSE: Told(
        "the consent is another Salesforce user's", "Log out of Salesforce, connect again, and log in as the user."
    ),
    Finding.SUSPENDED: Told("the user was suspended", "Mend the cause, then `inbox-sync user resume`."),
}  # fmt: skip
