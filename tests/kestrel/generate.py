"""Random cases, weighted towards what the grammar makes interesting: valid, broken, and nearly right."""

import random

from cases import Case

PORTS = ["80", "443", "8080", "8081", "5000", "1", "1023", "1024", "65535", "0"]

# {} is a port's number.
PORT_SHAPES = [
    " {}", "{} ", "\t{}\t", "\v{}", "{}\n", "\u2003{}\u00a0", "\u0085{}", "\u200b{}", "\x1c{}", "{}\x1f",
    "\u3000{}", "+{}", "-{}", "0{}", "000000000000{}", "+ {}", "--{}", "{}+", "\u2212{}", "({})", "{}.", "{}.0",
    "{}e1", "0x{}", "{}/", "{}//", "{}/tcp", "/{}", "{} /", "{}/ ", "{}?", "{}#x", "{}\\", "{}:", ":{}",
    "{}:81", "a:{}", "a.localhost:{}", "{}:a", "*:{}", "[::1]:{}", "127.0.0.1:{}", "{},8081", "{} 8081", "{}a",
    "a{}", "'{}'", '"{}"', "{}%20", "@{}", "http://*:{}",
]
ODD_PORTS = [
    "", " ", "-1", "-0", "+0", "00", "65536", "70000", "2147483647", "2147483648", "-2147483648", "-2147483649",
    "4294967376", "99999999999999999999", "abc", "{PORT}", "$PORT", "+", "-", "/", "//", ":", "[", "]", "?",
    "\uff18\uff10", "\u0668\u0660", "unix:/tmp/oracle.sock", "pipe:/x", "localhost", "true", "1e4", "\u00a0",
    "\u200b", "80\u200b",
]

HOSTS = [
    "*", "+", "localhost", "0.0.0.0", "127.0.0.1", "[::]", "[::1]", "example.com", "LocalHost", "a.localhost",
    "A.b.LOCALHOST", ".localhost", "localhost.", "alocalhost", "8080", "0", "1.2", "127.1", "0x7f.1",
    "0177.0.0.1", "08", "1.2.3.4", "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "4294967295", "4294967296", "0x",
    "1.", ".1", "::", "::1", "::a", "fe80::abcd", "fe80::1", "[fe80::1%3]", "[::1%lo]", "[::%1]", "[::1",
    "::1]", "[::1]x", "[1.2.3.4]", "[localhost]", "[::ffff:1.2.3.4]", "[::1.2.3.4]", "[::1.2.3]",
    "[::01.2.3.4]", "[1:2:3:4:5:6:7:8]", "[1:2:3:4:5:6:7::]", "[1::2::3]", "[0:0:0:0:0:0:0:1]",
    "[0:0:0:0:0:0:0:0]", "[ABCD::]", "[00001::]", "[]", "[*]", "", " ", "a b", "user@host", "\u00e9", "a:b",
    "http:", "unix", "pipe", "*.localhost", "sockfd", "%", "127.0.0.1 ", " 127.0.0.1",
]
WHOLE = [
    "http://unix:/tmp/oracle.sock", "http://unix:/tmp/oracle.sock:", "http://unix:/tmp/oracle.sock:/",
    "http://unix:/", "http://unix:/tmp/oracle.sock:80", "http://unix:tmp", "http://UNIX:/tmp/oracle.sock",
    "https://unix:/tmp/oracle.sock", "http://unix:/tmp/" + "a" * 102, "http://unix:/tmp/" + "a" * 103,
    "ftp://unix:/tmp/oracle.sock", "http://unix:", "http://pipe:/x", "http://pipe:/", "http://pipe:x",
    "http://pipe:/x:/y", "http://PIPE:/x", "x", "http", "http://", "//", "http:///", "http:///x", "://*:80",
    "http://http://*:80", "*:80", "8080", " ", "localhost:80", "http:/*:80", "http:*:80",
    "http://*:80,http://*:81", "http://*:80 http://*:81", '"http://*:80"', "http:\\\\*:80",
]
SCHEMES = ["HTTP", "Https", "ftp", "tcp", "", " http", "httpx", "ws", "http:", "\u00a0http", "http ", "unix"]
PREFER = ["true", "1", "True", "TRUE", "false", "0", "", " true", "yes", "01", "1 "]
PATHS = ["/", "//", "/x", "/ ", "?q", "#f", "?/", "/?", " ", "/x/", "\\"]

PREFIXES = ["", "DOTNET_", "ASPNETCORE_"]
ENDPOINTS = ["A", "a", "B", "Http", "HTTPS", "9", "10", "_x", ""]
ENDPOINT_KEYS = ["Protocols", "Url__B", "Urls", "", "Url__", "_Url", "Name"]
NOISE = [
    "PORT", "ASPNETCORE_PORT", "HTTPS_PORT", "ASPNETCORE_HTTPS_PORT", "ASPNETCORE__URLS",
    "ASPNETCORE_HTTP__PORTS", "URLS__", "URLS__0", "_URLS", "URL", "HTTP_PORT", "SERVER.URLS",
    "ASPNETCORE_SERVER.URLS", "CUSTOMCONNSTR_URLS", "SQLCONNSTR_Kestrel__Endpoints__A__Url",
    "ASPNETCORE_ASPNETCORE_URLS", "DOTNET_ASPNETCORE_URLS", "Kestrel__Url", "Kestrel__Endpoints", "Kestrel",
    "Kestrel__EndpointDefaults__Url", "Kestrel___Endpoints__A__Url", "Kestrel__Endpoints__A",
    "Kestrel__Endpoints__Url", "Kestrel__Endpoints__", "__Kestrel__Endpoints__A__Url",
    "Kestrel__Endpoints____Url", "Kestrel__Endpoints__A____Url", "DOTNET_RUNNING_IN_CONTAINER",
]

ODD_WORDS = [
    "-x", "-x=1", "--", "-", "/", "--x", "x", "x=1", "", "/x/y", "/x/y=1", "--=1", "=1", "--x=1", "---x=1",
    "//x", "--urls", "--Kestrel:Endpoints=x", "--Kestrel:Endpoints:=x", "--Kestrel:Endpoints:A=x",
    "--Kestrel:Endpoints::Url=http://*:81", "--http__ports=81", "--ASPNETCORE_URLS=http://*:81",
]


def cases(count, seed):
    return [case(random.Random(f"{seed}/{number}")) for number in range(count)]


def case(r):
    if chance(r, 0.002):
        return raw_case(r)
    variables = {}
    for _ in range(r.choices([0, 1, 2, 3, 4, 6], [1, 8, 6, 4, 2, 1])[0]):
        variables.update(setting(r))
    arguments = []
    if chance(r, 0.35):
        for _ in range(r.choices([1, 2, 3, 4], [5, 3, 1, 1])[0]):
            arguments += argument(r)
    return Case([f"{name}={value}" for name, value in variables.items()], arguments)


def raw_case(r):
    """What only a fresh process can be given: a name twice, or bytes that are no text."""
    name = r.choice(PREFIXES) + r.choice(["HTTP_PORTS", "URLS"])
    if chance(r, 0.3):
        return Case([f"URLS=http://unix:/tmp/{spoil(r, 'a' * r.randint(88, 104))}"], [])
    if chance(r, 0.5):
        return Case([f"{name}={url(r)}", f"{name}={url(r)}"], [])
    return Case([f"{name}={spoil(r, url(r))}"], [])


def spoil(r, text):
    position = r.randint(0, len(text))
    return text[:position] + r.choice(["\udcff", "\udc80", "\udcc3", "\udced\udca0\udc80", "\udce2\udc82"]) + text[position:]


def setting(r):
    """One variable, or the three that belong together."""
    kind = r.choices(["http", "https", "urls", "prefer", "endpoint", "iis", "noise"], [6, 2, 5, 1.5, 4, 0.4, 1])[0]
    prefix = r.choice(PREFIXES)
    if kind == "iis":
        path, token = r.choice(["/", "/a", ""]), r.choice(["x", " ", ""])
        names = ["ASPNETCORE_PORT", "ASPNETCORE_APPL_PATH", "ASPNETCORE_TOKEN"]
        if chance(r, 0.3):
            names = [spelling(r, name) for name in names]
        return dict(zip(names, [port(r), path, token]))
    if kind == "endpoint":
        separator = ":" if chance(r, 0.15) else "__"
        name = separator.join([prefix + "Kestrel", "Endpoints", r.choice(ENDPOINTS), endpoint_key(r)])
        return {spelling(r, name): endpoint_url(r)}
    if kind == "noise":
        return {spelling(r, r.choice(NOISE)): r.choice(["", "x", port(r), address(r)])}
    name, value = key_and_value(r, kind)
    return {spelling(r, prefix + name): value}


def key_and_value(r, kind):
    if kind == "urls":
        return "URLS", url(r)
    if kind == "prefer":
        return "PREFERHOSTINGURLS", r.choice(PREFER)
    return kind.upper() + "_PORTS", ports(r)


def endpoint_key(r):
    return "Url" if chance(r, 0.85) else r.choice(ENDPOINT_KEYS)


def endpoint_url(r):
    return url(r) if chance(r, 0.05) else "" if chance(r, 0.05) else address(r)


def spelling(r, name):
    style = r.choices(["as it is", "lower", "mixed"], [6, 2, 1])[0]
    if style == "lower":
        return name.lower()
    if style == "mixed":
        return "".join(r.choice([letter.lower(), letter.upper()]) for letter in name)
    return name


def argument(r):
    """One or two words for the app."""
    if chance(r, 0.25):
        return [r.choice(ODD_WORDS)]
    if chance(r, 0.2):
        key, value = f"Kestrel:Endpoints:{r.choice(ENDPOINTS)}:{endpoint_key(r)}", endpoint_url(r)
    else:
        key, value = key_and_value(r, r.choices(["http", "https", "urls", "prefer"], [4, 2, 4, 1])[0])
        key = key.lower() if chance(r, 0.7) else key
    key = spelling(r, key)
    dashes = r.choices(["--", "/", "", "-", "---"], [12, 4, 3, 1, 0.5])[0]
    if chance(r, 0.5):
        return [f"{dashes}{key}={value}"]
    return [dashes + key] if chance(r, 0.05) else [dashes + key, value]


def ports(r):
    count = r.choices([0, 1, 2, 3], [1, 8, 3, 1])[0]
    return join(r, [port(r) for _ in range(count)])


def url(r):
    count = r.choices([0, 1, 2, 3], [1, 10, 4, 1])[0]
    return join(r, [address(r) for _ in range(count)])


def join(r, pieces):
    text = r.choices([";", " ; ", ";;", "; ", ","], [40, 1, 2, 1, 1])[0].join(pieces)
    return text + ";" if chance(r, 0.05) else text


def port(r):
    if chance(r, 0.08):
        return r.choice(ODD_PORTS)
    number = r.choice(PORTS) if chance(r, 0.6) else str(r.randint(1, 65535))
    return r.choice(PORT_SHAPES).format(number) if chance(r, 0.15) else number


def address(r):
    if chance(r, 0.08):
        return r.choice(WHOLE)
    scheme = r.choices(["http", "https", r.choice(SCHEMES)], [12, 6, 1])[0]
    separator = r.choice([":/", "//", ":", ":///"]) if chance(r, 0.02) else "://"
    host = r.choice(HOSTS[:7]) if chance(r, 0.55) else r.choice(HOSTS) if chance(r, 0.7) else ip(r)
    after = "" if chance(r, 0.12) else ":" + port(r)
    path = r.choice(PATHS) if chance(r, 0.07) else ""
    return scheme + separator + host + after + path


def ip(r):
    """Something like an IPv4 or IPv6 address."""
    if chance(r, 0.4):
        numbers = [r.choice([0, 1, 127, 255, 256, 65535]) for _ in range(r.randint(1, 5))]
        return ".".join(r.choice(["{}", "{}", "{:#x}", "0{:o}"]).format(number) for number in numbers)
    groups = [r.choice(["0", "1", "a", "ffff", "", "0001"]) for _ in range(r.randint(1, 9))]
    if chance(r, 0.1):
        groups.append(r.choice(["00001", "g"]))
    if chance(r, 0.2):
        groups.append(r.choice(["1.2.3.4", "127.0.0.1", "0.0.0.0", "1.2.3", "01.2.3.4", "256.0.0.1"]))
    text = ":".join(groups) + r.choices(["", "%1", "%", "%lo", "%x"], [8, 1, 1, 1, 1])[0]
    return r.choices(["[" + text + "]", text, "[" + text], [8, 3, 1])[0]


def chance(r, probability):
    return r.random() < probability
