from django.db.models import IntegerField, Subquery


class Count(Subquery):
    """How many rows a query has, within another; counted no further than the query's own limit."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()
