"""What calls to vendors cost: how fast they may go, how many are left of a day, and counters over all processes.

All of it is shared through Redis and may be lost at any moment. Without Redis each process keeps to itself: it paces
its own calls, and what it counts is handed over when Redis is back.
"""
