"""One function that takes a row for the rest of the transaction, on either database."""

from __future__ import annotations

from typing import TypeVar

from django.db import connections, models
from django.db.transaction import TransactionManagementError

from .errors import NotFound

ModelT = TypeVar("ModelT", bound=models.Model)


def lock(source: models.QuerySet[ModelT] | type[ModelT], pk: object) -> ModelT:
    """Give the row, held against other writers until the transaction ends.

    PostgreSQL locks the row. SQLite has no row locks: an UPDATE that changes nothing takes the database's
    write lock (already held when the transaction began IMMEDIATE) and so orders writers all the same.
    """
    rows = source if isinstance(source, models.QuerySet) else source._default_manager.all()
    connection = connections[rows.db]
    if not connection.in_atomic_block:
        raise TransactionManagementError("lock() needs a transaction")
    if connection.features.has_select_for_update:
        rows = rows.select_for_update(of=("self",)) if connection.features.has_select_for_update_of else rows
    else:
        key = rows.model._meta.pk.attname
        rows.model._default_manager.using(rows.db).filter(pk=pk).update(**{key: models.F(key)})
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
