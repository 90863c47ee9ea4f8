"""Made-up people with companies, numbers and addresses as their countries write them."""

from __future__ import annotations

import random
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from faker import Faker

from tests.signatures.phrases import Language

MAKINGS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "makings.yaml").read_text("utf-8"))


@dataclass(frozen=True)
class Person:
    """`unit`: a department. `address`: its lines. Numbers are as they are written."""

    name: str
    first: str
    last: str
    title: str
    unit: str
    company: str
    phone: str
    direct: str
    mobile: str
    home: str
    fax: str
    mail: str
    web: str
    address: tuple[str, ...]
    extension: str
    degree: str


def make_person(rng: random.Random, language: Language) -> Person:
    locale = rng.choice(language.locales)
    fake = _faker(locale)
    fake.seed_instance(rng.randrange(1 << 30))
    first, last = fake.first_name().strip(), fake.last_name().strip()
    if rng.random() < 0.08:
        last = f"{last}{rng.choice('- ')}{fake.last_name().strip()}"
    middle = f" {rng.choice('ABCDEFGHJKLMNPRSTW')}." if locale == "en_US" and rng.random() < 0.3 else ""
    used = rng.choice((first, first, first, first, f"{first[0]}.", _nick(first)))
    company = _company(rng, fake, locale, last)
    domain = _domain(rng, company, locale)
    local = rng.choice(MAKINGS["locals"]).format(f=_ascii(used), l=_ascii(last), i=_ascii(first)[:1])
    mail = f"{local}@{domain}"
    functions = language.functions
    somebody = f"{fake.first_name()} {fake.last_name()}"
    title = rng.choice(language.titles).format(f=rng.choice(functions), f2=rng.choice(functions), name=somebody)
    phone, direct, mobile, home, fax = (_number(rng, fake, locale) for _ in range(5))
    return Person(
        name=f"{used}{middle} {last}", first=first, last=last, title=title,
        unit=rng.choice(language.units).format(f=rng.choice(functions)), company=company,
        phone=phone, direct=direct, mobile=mobile, home=home, fax=fax,
        mail=mail.title() if rng.random() < 0.07 else mail, web=rng.choice(MAKINGS["web"]).format(domain),
        address=_address(rng, fake, locale), extension=str(rng.randrange(100, 9999)),
        degree=rng.choice(MAKINGS["degrees"]),
    )  # fmt: skip


@lru_cache
def _faker(locale: str) -> Faker:
    fake = Faker(locale)
    for provider in fake.get_providers():
        if isinstance(getattr(provider, "cities", None), list):  # made from a set, so in another order in each process
            provider.cities = sorted(provider.cities)
    return fake


def _nick(first: str) -> str:
    return first[:3] if len(first) > 4 and first[2] not in "aeiou" else first


def _ascii(text: str) -> str:
    table = str.maketrans({"ß": "ss", "ø": "o", "ł": "l", "ı": "i", "æ": "ae", "đ": "d"})
    folded = unicodedata.normalize("NFKD", text.casefold().translate(table))
    return re.sub(r"[^a-z]", "", folded.encode("ascii", "ignore").decode()) or "x"


def _company(rng: random.Random, fake: Faker, locale: str, last: str) -> str:
    if rng.random() < 0.15:
        return fake.company()
    tail = rng.choice(MAKINGS["tails"])
    stem, stem2 = rng.sample(MAKINGS["stems"], 2)
    name: str = rng.choice(MAKINGS["companies"]).format(
        city=fake.city(), stem=stem, stem2=stem2, lower=stem.lower(), tail=tail.lower() if rng.random() < 0.7 else tail,
        noun=rng.choice(MAKINGS["trades"]), form=rng.choice(MAKINGS["forms"][locale]),
        first=fake.first_name(), last=rng.choice((last, fake.last_name(), fake.last_name())), last2=fake.last_name(),
        last3=fake.last_name(), acro="".join(rng.choices("ABCDEFGHIKLMNPRSTVW", k=rng.choice((2, 3, 3, 4)))),
    ).replace(" ,", ",")  # fmt: skip
    return name.upper() if rng.random() < 0.05 else name


def _domain(rng: random.Random, company: str, locale: str) -> str:
    if rng.random() < 0.08:
        return str(rng.choice(MAKINGS["free"]))
    words = [_ascii(word) for word in re.findall(r"\w+", company)]
    words = [word for word in words if word not in ("the", "of", "and")] or ["acme"]
    initials = "".join(word[0] for word in words) if len(words) > 2 else words[0]
    stem = rng.choice((words[0], words[0], "".join(words[:2]), "-".join(words[:2]), initials))
    country = locale[-2:].lower().replace("gb", "co.uk").replace("us", "com")
    return f"{stem}.{rng.choice(('com', 'com', 'com', 'net', country, country, 'org', 'io', 'eu'))}"


def _number(rng: random.Random, fake: Faker, locale: str) -> str:
    if locale in MAKINGS["national"]:
        style: str = rng.choice(MAKINGS["national"][locale])
        return style.format(a=rng.randrange(201, 989), b=rng.randrange(200, 999), c=f"{rng.randrange(10000):04}")
    if rng.random() < 0.3:
        number = re.sub(r"\s*[xX].*$", "", fake.phone_number())
        if 8 <= sum(c.isdigit() for c in number) <= 14:
            return number
    start: str = rng.choice(MAKINGS["starts"]).format(p=MAKINGS["codes"][locale], a=rng.randrange(20, 999))
    return start + re.sub("x", lambda _: rng.choice("0123456789"), rng.choice(MAKINGS["ends"]))


def _address(rng: random.Random, fake: Faker, locale: str) -> tuple[str, ...]:
    """Its lines: in the house, street, place, country; some of them."""
    street = fake.street_address().replace("\n", ", ")
    if locale == "en_US":
        name = rng.choice((fake.last_name(), fake.first_name(), fake.city(), rng.choice(MAKINGS["road_names"])))
        street = f"{rng.randrange(1, 9999)} {name} {rng.choice(MAKINGS['roads'])}".strip()
    lines = [street]
    if rng.random() < 0.35 and locale in MAKINGS["inside"]:
        inside = rng.choice(MAKINGS["inside"][locale]).format(
            n=rng.randrange(100, 4500), f=rng.randrange(2, 40), l=rng.choice("ABCDE"), l2=rng.choice("ABCDE")
        )
        lines = rng.choice(([f"{street}, {inside}"], [street, inside], [f"{street} {inside}"], [inside, street]))
    if rng.random() < 0.1:
        box = rng.choice(MAKINGS["boxes"]).format(rng.randrange(10, 9999))
        lines = rng.choice(([box], [*lines, box]))
    lines.append(_place(rng, fake, locale))
    if rng.random() < 0.25:
        short = {"en_US": "USA", "en_GB": "UK"}.get(locale)
        lines.append(short if short and rng.random() < 0.5 else fake.current_country())
    return tuple(lines)


def _place(rng: random.Random, fake: Faker, locale: str) -> str:
    city, code = fake.city(), fake.postcode()
    if locale == "en_US":
        state = rng.choice((fake.state_abbr(), fake.state_abbr(), fake.state()))
        code = code if rng.random() < 0.8 else f"{code[:5]}-{rng.randrange(1000, 9999)}"
        return str(rng.choice(MAKINGS["places_us"])).format(city=city, state=state, code=code)
    if locale.startswith("en_"):
        return rng.choice((f"{city} {code}", f"{city}, {code}", city))
    if locale in ("pt_BR", "es_MX"):
        return rng.choice((f"{city} - {code}", f"{code} {city}", f"{city}, {code}"))
    letters = MAKINGS["country_letters"].get(locale)
    return f"{letters}-{code} {city}" if letters and rng.random() < 0.2 else f"{code} {city}"
