"""Where the newest message of a body ends and older ones, quoted or forwarded, begin."""

from __future__ import annotations

import re

import quotequail

# Words that stand before the sender, the time, the recipients and the subject of an older message.
_FROM = "from|von|de|da|van|od|från|fra|lähettäjä|gönderen|expéditeur|от|author"
_TO = "to|an|à|a|para|aan|do|till|til|komu|vastaanottaja|kime|кому|pour|bcc|cc|cci|kopie|kopia|kopi|dw"
_REST = (
    "sent|date|subject|gesendet|datum|betreff|envoyé|objet|enviado|asunto|fecha|inviato|oggetto|data|verzonden|onderwerp|"
    "assunto|wysłano|temat|skickat|ämne|emne|odesláno|předmět|konu|tarih|sendt|reply-to|sent by|organization"
)
_HEADER = re.compile(rf"^[>\s*]*({_FROM}|{_TO}|{_REST})\s?\*?\s?:\*?(?=\s|$|\S+@)", re.IGNORECASE)

# A rule of dashes or underscores with words in it, or a phrase, by which programs announce the older message.
_ANNOUNCED = re.compile(
    r"^[> \t]*+(?:[-_=]{2,80}\s?[^\n]{0,200}(?:forwarded|original|weitergeleitet|ursprüngliche|transféré|"
    r"d'origine|reenviado|inoltrato|"
    r"originale|doorgestuurd|oorspronkelijk|encaminhada|vidarebefordrat|videresendt|reply separator|"
    r"przekazana|přeposlaná|nachricht|message|mensaje|messaggio|bericht)[^\n]*"
    r"|begin forwarded message:?|anfang der weitergeleiteten[^\n]*|-{1,80}\s?forwarded by[^\n]*)",
    re.IGNORECASE | re.MULTILINE,
)
_WROTE = re.compile(
    r"^(?![ \t]*>)(?:(?:on|am|le|el|il|op|em|den|dne|dnia|w dniu)\s[^\n]{0,160}\n)?[^\n]{0,160}\b(?:wrote|writes|"
    r"a écrit|escribió|ha scritto|escreveu|"
    r"napisał(?:\(a\))?|napsal(?:\(a\))?|kirjoitti|yazdı|geschreven|написал(?:\(а\))?|"
    r"(?:schrieb|schreef|skrev)[^\n:]{0,100})\s?:\s*$",
    re.IGNORECASE | re.MULTILINE,
)
# "Jane Doe" or "Jane Doe@ORG", then when, then "To:" - the header of Lotus Notes, which has no word for the sender
_NOTES = re.compile(
    r"^[^\n]{2,90}?(?:\n\s{0,20}sent by:[^\n]*)?(?:\s{1,5}on\s{1,5}|\s{0,9}\n|[ \t]{2,60})\s{0,20}(?:=09)?"
    r"\d{1,2}[/.]\d{1,2}[/.]\d{2,4}\s+\d{1,2}:\d{2}[^\n]*\n(?:[^\n]*respond to[^\n]*\n)?(?:\s|=09|=20|=\n){0,40}to:",
    re.IGNORECASE | re.MULTILINE,
)
_MARKED = r"(?:[ \t]*+>[^\n]*(?:\n|\Z))"
_QUOTED_FIRST = re.compile(rf"\A\s*+(?:[^\n>]{{0,200}}:[ \t]*+\n\s*+)?{_MARKED}{{2,}}(?:\s*+{_MARKED})*")
_WORTH_ASKING = re.compile(r":[ \t]*$|^[-_]{3}|<[^\s@]+@[^\s>]+>[ \t]*$", re.MULTILINE)
_HEADER_LONGEST = 80  # characters of a line in which the word of a header is looked for
_ASKED = 30_000  # characters in which a library's list of phrases is tried


def bounds(text: str) -> tuple[int, int]:
    """Where the newest message begins and ends: before the first older one, or below one quoted at the top. Lines in
    between that bear a quote mark (`is_quoted`) are not of it either."""
    quoted = _QUOTED_FIRST.match(text)
    start = quoted.end() if quoted and text[quoted.end() :].strip() else 0
    return start, start + _end(text[start:])


def is_quoted(line: str) -> bool:
    return line.startswith(">")


def _end(text: str) -> int:
    end = len(text)
    for pattern in (_ANNOUNCED, _NOTES, _WROTE):
        found = pattern.search(text, 0, end)
        end = found.start() if found else end
    end = _header_block(text[:end])
    return min(end, _by_library(text[:end])) if end <= _ASKED and _WORTH_ASKING.search(text, 0, end) else end


def _header_block(text: str) -> int:
    """Lines like "From: ..." and "To: ..." close together: three, or two the first of which names the sender."""
    place = start = 0
    run: set[str] = set()
    sender_first = False
    for line in text.split("\n"):
        found = _HEADER.match(line[:_HEADER_LONGEST])
        if found:
            word = found.group(1).casefold()
            if not run:
                start, sender_first = place, word in _SENDERS
            run.add(word)
            if len(run) > (1 if sender_first else 2):
                return start
        elif line.strip() and not line.startswith((" ", "\t", "=")):
            run.clear()
        place += len(line) + 1
    return len(text)


_SENDERS = frozenset(_FROM.split("|"))


def _by_library(text: str) -> int:
    """Phrases in more languages, wrapped ones too."""
    first = quotequail.quote(text, limit=len(text) + 1, quote_intro_line=True)[0]
    return len(first[1]) if first[0] else 0
