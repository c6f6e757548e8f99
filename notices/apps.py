"""What people are told: a row first, in the transaction of what it tells of; then an e-mail. It knows no other app."""

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "notices"
