"""The laws of the lenses, tried on any mapping file, ours or a user's: records and FHIR resources are made
from what the file declares, the laws are put to them, and what breaks comes back as values.

choices makes values of bytes; records and edits make cases; laws judge one case; search looks for the
smallest case that breaks one; coverage tells what a file leaves out. Nothing here reads a disk, a clock or
a network, and hypothesis and the FHIR models are imported only by who searches.
"""
