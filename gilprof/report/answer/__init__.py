"""The answer of a report: is it the GIL, whose, and if not, what else. First a value (``model``), made from what was
seen (``evidence``) by weighing the reasons (``weigh``); then words, long and short (``words``)."""
