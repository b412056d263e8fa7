"""How the pages speak: sentences in two languages, the domain's terms, days as people write them."""
