"""What a PDF shows, word by word: run only in the process that ``worker`` confines.

What is read here is hostile. These modules import nothing else of Relève but the confinement.
"""
