"""How texts close and greet, and what stands below signatures: phrases of many languages, as patterns."""

from __future__ import annotations

import re

_CLOSINGS = (
    r"(?:with |my |our )?(?:best|kind(?:est)?|warm(?:est)?|many|very)?\s?(?:best )?(?:regards|wishes|thanks|cheers)",
    r"rgds|best|love|thank(?:s| you)(?:[ ,!.]|$)|thanx|sincerely|cordially|yours|respectfully|take care|all the best",
    r"talk (?:to you )?soon",
    r"mit (?:freundlich|best|herzlich)|(?:viele|beste|liebe|freundliche|herzliche|schöne)n? gr(?:ü|ue)(?:ß|ss)e",
    r"mfg|lg$|gru(?:ß|ss)|hochachtungsvoll|i\. ?a\.",
    r"(?:bien )?cordialement|cdlt|bien à (?:vous|toi)|(?:sincères |meilleures )?salutations",
    r"merci|(?:belle|bonne) journée|(?:un )?(?:cordial )?saludos?|atentamente|gracias|un abrazo|muchas gracias",
    r"(?:cordiali|distinti|cari)? ?saluti|un saluto|grazie|a presto",
    r"(?:met )?(?:vriendelijke|hartelijke)? ?groet(?:en)?|mvg|bedankt|alvast bedankt",
    r"atenciosamente|att[.,]?$|abraços?|obrigad[oa]|(?:com os )?(?:melhores )?cumprimentos",
    r"pozdrawiam|z poważaniem|dziękuję|z wyrazami",
    r"(?:med )?(?:vänlig|venlig|vennlig|bästa|bedste)[a-z]* (?:hälsning|hilsen|hilsner)|mvh|hälsningar|hilsen",
    r"ystävällisin|terveisin",
    r"s pozdravem|s úctou|děkuji|hezký den|saygılarımla|teşekkürler|iyi çalışmalar",
)
_GREETINGS = (
    r"hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|sehr geehrte|guten tag|lieber?|bonjour|cher|chère",
    r"salut|hola|estimad[oa]|buenos|buongiorno|gentile|ciao|beste|geachte|dag|olá|prezad[oa]|bom dia|car[oa]|dzień",
    r"szanown|cześć|witam|hej|hei|dobrý|ahoj|merhaba|sayın",
)
_FOOTERS = (
    r"confidential|privileged|intended (?:recipient|only|solely)|disclaim|prohibited|virus|before printing",
    r"the environment|received (?:this|it) (?:e-?mail|message|communication)? ?in error",
    r"equal opportunity|registered (?:in|office)|unsubscribe",
    r"vertraulich|umwelt|geschäftsführ(?:er|ung)\s?:|amtsgericht|handelsregister|hrb|ust-?id",
    r"confidentiel|imprimer|rcs |confidencial|medio ambiente|riservat|ambiente|p\.? ?iva|vertrouwelijk|milieu|kvk|btw",
    r"poufn|krs|nip\b|konfidenti|fortrolig|miljön|důvěrn|gizli",
    r"do you yahoo|free (?:e-?mail|calendar|photo)|hotmail|msn |get your free|booth|follow us|download",
    r"sent (?:from|via) my|get outlook|gesendet|envoyé (?:de|depuis)|enviado d|inviato da|verzonden vanaf|wysłan",
    r"skickat från|sendt fra|lähetetty|odesláno z|blackberry|iphone|ipad|android",
)

# words of legal texts that other texts have too
_LEGAL = (
    r"notify the sender|recipients?\b|unauthori[sz]ed|liab(?:le|ility)|addressees?\b|dissemination|disclosure",
    r"destinataires?|empfänger|destinatari|ontvanger|exclusively for|any use|integrity of|guarantee|delete",
)

CLOSING = re.compile(rf"^\W*(?:{'|'.join(_CLOSINGS)})", re.IGNORECASE)
GREETING = re.compile(rf"^\W*(?:{'|'.join(_GREETINGS)})\b", re.IGNORECASE)
FOOTER = re.compile("|".join(_FOOTERS), re.IGNORECASE)
LEGAL = re.compile("|".join(_LEGAL), re.IGNORECASE)
