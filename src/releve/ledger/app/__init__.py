"""The outbox: evidence written in the same transaction as the row it speaks of, appended to the
ledger later, once, in order.
"""
