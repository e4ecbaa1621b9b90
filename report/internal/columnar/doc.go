// Package columnar writes records as Apache Parquet (https://parquet.apache.org/docs/file-format/).
//
// A [Table] follows from the Go type of a record, by the names of JSON: what the record has, the file has, nested as the
// record is. What is left out of the record is null. A row is packed into bytes first, which may happen in any
// goroutine; a [File] takes packed rows, deals their values to columns, and holds no more than a row group, in encoded pages.
package columnar
