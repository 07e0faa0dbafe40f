"""Tables between forces without raw ids: keys, pseudonyms, links."""
