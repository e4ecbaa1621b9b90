// Package columnar writes records as Apache Parquet (https://parquet.apache.org/docs/file-format/).
//
// A [Table] is derived from the Go type of a record and its JSON names: the file has the fields of the record, with the same
// nesting. What the record omits is null. A row is first packed into bytes, which may happen in any
// goroutine; a [File] takes packed rows, distributes their values over the columns, and holds at most one row group, in encoded pages.
//
// Not its job: what is in a record (package record), and reading Parquet.
package columnar
