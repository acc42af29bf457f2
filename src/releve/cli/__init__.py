"""The terminal entrance: one file per subject, its verbs in English, what they print in French.

``main`` puts the pieces together. A verb exits 0 = as asked, 1 = done but something falls short,
2 = could not run. Heavy imports (Django, pikepdf…) live inside the verbs: ``--help`` stays fast.
"""
