"""Targets of the printer: what a program is called in a language, a page each."""
