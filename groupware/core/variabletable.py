"""The table of the variables that are no limits: what each means, and its default, in words."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from groupware.core.health.parts import Text

NONE = _("none")


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable, without its prefix; a default that `is_computed` is told as it came out."""

    name: str
    meaning: Text
    default: Text = NONE
    is_computed: bool = False


VARIABLES = (
    Variable("DATA", _("directory of everything that is kept"), "./data", is_computed=True),
    Variable("HOST", _("address to listen on"), "127.0.0.1"),
    Variable("DOMAIN", _("the domain of the first team"), "example.test"),
    Variable(
        "PUBLIC_URL",
        _("how others reach the web pages"),
        _("from host and port"),
        is_computed=True,
    ),
    Variable(
        "TLS_CERT",
        _("file of the certificate; reloaded when it changes"),
        _("self-signed, in the data directory"),
    ),
    Variable(
        "TLS_KEY", _("file of the certificate's key"), _("self-signed, in the data directory")
    ),
    Variable("TRUSTED_PROXIES", _("networks whose X-Forwarded-For counts")),
    Variable(
        "TRUSTED_NETWORKS",
        _(
            "networks of mail servers of one's own: SMTP makes them wait for nothing, counts nothing"
        ),
    ),
    Variable(
        "SOURCE_NETWORKS",
        _(
            "networks that are not public, of which calendars and mailboxes may be fetched all the same"
        ),
    ),
    Variable("RSPAMD_URL", _("rspamd's controller, which checks and learns"), _("no spam filter")),
    Variable(
        "TRUSTED_SEALERS",
        _("domains, such as those of mailing lists, whose ARC seals outweigh a DMARC failure"),
    ),
    Variable("DNS_SERVERS", _("resolvers to ask"), _("the system's")),
    Variable(
        "SMARTHOST_URL", _("a server that takes all mail for others"), _("the recipients' own")
    ),
    Variable(
        "MX_PORT",
        _("the port of other servers; other than 25 only where one tries things out"),
        "25",
    ),
    Variable("HTTP_PORT", _("port of the web pages; 0 turns any port off"), "8000"),
    Variable("HTTPS_PORT", _("port of the web pages with TLS"), "8443"),
    Variable("EVENTS_PORT", _("port of streams of events alone, for a proxy"), "8001"),
    Variable("IMAP_PORT", _("port of IMAP with STARTTLS"), "1143"),
    Variable("IMAPS_PORT", _("port of IMAP with TLS"), "1993"),
    Variable("POP3_PORT", _("port of POP3 with STLS"), "1110"),
    Variable("POP3S_PORT", _("port of POP3 with TLS"), "1995"),
    Variable("SMTP_PORT", _("port at which other mail servers bring mail"), "1025"),
    Variable("SUBMISSION_PORT", _("port at which mail programs send, with STARTTLS"), "1587"),
    Variable("SUBMISSIONS_PORT", _("port at which mail programs send, with TLS"), "1465"),
    Variable("LMTP_PORT", _("port at which the mail server in front delivers"), "1024"),
    Variable("SIEVE_PORT", _("port of ManageSieve, which this version does not speak"), "4190"),
    Variable(
        "PROCESSES",
        _("processes of each protocol"),
        _("the cores, up to 4"),
        is_computed=True,
    ),
    Variable("DATABASE_URL", _("where the database is"), _("SQLite in the data directory")),
    Variable("BROKER_URL", _("Redis or RabbitMQ of a larger installation"), _("embedded")),
    Variable("BLOB_URL", _("an object store: refused, not yet there"), _("embedded")),
    Variable("NOTIFY_URL", _("a carrier of notices: refused, not yet there"), _("embedded")),
    Variable("LOG_LEVEL", _("what is logged: DEBUG, INFO, WARNING, ERROR"), "INFO"),
    Variable("LOG_FORMAT", _("how it is logged: text, json"), "text"),
    Variable(
        "DEMO",
        _("0: no demo team; refused where others can reach the server"),
        _("1 on loopback"),
        is_computed=True,
    ),
    Variable("ALLOW_PLAINTEXT", _("1: logins without TLS, on loopback only"), "0"),
    Variable(
        "TRACE_SUBMITTER",
        _("1: mail tells from which address on the net it was submitted"),
        "0",
    ),
    Variable(
        "DMARC",
        _(
            "what is done where a sender's domain disowns a message: enforce what the domain asks for,"
            " at most into Junk with junk, nothing but to note it in the header"
        ),
        "enforce",
    ),
    Variable(
        "SPAM",
        _(
            "what is done where rspamd would have a message refused: into Junk with it, or refuse it"
        ),
        "junk",
    ),
    Variable(
        "POP3_DELE",
        _("what becomes of a message that a POP3 program deletes: delete, trash, hide"),
        "trash",
    ),
    Variable("POP3_SEEN", _("0: what a POP3 program retrieves stays unseen"), "1"),
    Variable("LDAP_URL", _("a directory that keeps the passwords")),
    Variable("LDAP_BASE", _("where people are in the directory")),
    Variable("LDAP_DOMAINS", _("domains whose people the directory knows")),
    Variable("LDAP_BIND_DN", _("as whom the directory is searched")),
    Variable("LDAP_BIND_PASSWORD", _("the password for that")),
    Variable("LDAP_FILTER", _("how a person is found in the directory"), "(mail=%(user)s)"),
    Variable("LDAP_CA", _("file of the authority that signed the directory's certificate")),
    Variable("OIDC_ISSUER", _("an identity provider that signs browsers in (OpenID Connect)")),
    Variable("OIDC_CLIENT_ID", _("what this server is called at the provider")),
    Variable("OIDC_CLIENT_SECRET", _("the secret for that")),
    Variable("OIDC_NAME", _("what the button of the provider says"), _("its host")),
)
