"""Pages for people, made of what lies in a folder of results: sections, figures, their look."""
