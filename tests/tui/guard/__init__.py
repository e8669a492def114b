"""Tests of the net below the app."""
