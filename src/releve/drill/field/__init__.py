"""The field exercise: people play an outage in their own wards, and somebody times them.

Nothing is simulated and nobody attacks: no process is started, no patient's care is altered. A
scenario (dated TOML) says what the animator hands over and when, which gestures are observed, and
within how many minutes they are hoped for. ``marks`` turns taps and typed hours into human times,
``coverage`` says which share of the « activité combinée » took part, ``report`` puts it all in one
frozen text whose hash the ledger keeps once the animator has signed. ``paper`` prints what must be
in people's hands. Rows, pages and the ledger are ``releve.drill.app``'s.

Limits. A gesture nobody timed reads « non mesuré », never zero. Targets are recommendations of the
scenario: no text sets them. The share of activity is measured; whether it is enough is the ARS's to
say. A real alarm ends an exercise at once; nothing of the real alarm waits for the exercise.
"""
