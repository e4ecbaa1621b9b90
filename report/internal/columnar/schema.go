package columnar

import (
	"slices"

	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// describe adds n and all below it to the schema, in the order of the format, and gives columns their paths. path is that of what n is in.
func (t *Table) describe(n *node, path []string) {
	e := format.SchemaElement{Name: n.name}
	if n != t.root {
		path = append(slices.Clip(path), n.name)
		e.RepetitionType = thrift.New(format.Required)
		if n.optional {
			e.RepetitionType.V = format.Optional
		}
	}
	repeated := "" // the group that repeats in a list or a map
	switch n.kind {
	case group:
		e.NumChildren = thrift.New(int32(len(n.children)))
	case list:
		repeated, e.LogicalType.Value, e.ConvertedType = "list", new(format.ListType), thrift.New(deprecated.List)
	case dict:
		repeated, e.LogicalType.Value, e.ConvertedType = "key_value", new(format.MapType), thrift.New(deprecated.Map)
	case moment:
		nanoseconds := format.TimeUnit{Value: new(format.NanoSeconds)}
		e.Type, e.LogicalType.Value = thrift.New(format.Int64), &format.TimestampType{IsAdjustedToUTC: true, Unit: nanoseconds}
	case text:
		e.Type, e.LogicalType.Value, e.ConvertedType = thrift.New(format.ByteArray), new(format.StringType), thrift.New(deprecated.UTF8)
	default:
		e.Type = thrift.New(n.physical())
	}
	if repeated != "" {
		e.NumChildren = thrift.New(int32(1))
		path = append(path, repeated)
		t.schema = append(t.schema, e)
		e = format.SchemaElement{Name: repeated, RepetitionType: thrift.New(format.Repeated), NumChildren: thrift.New(int32(len(n.children)))}
	}
	t.schema = append(t.schema, e)
	for _, child := range n.children {
		t.describe(child, path)
	}
	n.path = path
}

// physical is how the format stores the values of a column.
func (n *node) physical() format.Type {
	switch n.kind {
	case integer, moment:
		return format.Int64
	case double, decimal:
		return format.Double
	case truth:
		return format.Boolean
	}
	return format.ByteArray
}
