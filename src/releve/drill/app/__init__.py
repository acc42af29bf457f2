"""The field exercise's rows and pages, the only part of ``drill`` that knows accounts and proof."""
