"""The truth bench: how many real changes are missed, and how many alarms are false."""
