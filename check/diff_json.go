package check

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"

	"tcptrace/check/expect"
)

type changeRecord struct {
	Field string `json:"field"`
	A     string `json:"a"`
	B     string `json:"b"`
}

type pairRecord struct {
	StreamA uint64         `json:"stream_a"`
	StreamB uint64         `json:"stream_b"`
	IDA     string         `json:"community_id_a"`
	IDB     string         `json:"community_id_b"`
	Changes []changeRecord `json:"changes"`
}

// WriteDiffJSON writes a difference as a document, and reports whether there is one. A pair is written as soon as it is
// compared: few are kept.
func WriteDiffJSON(ctx context.Context, to io.Writer, paths []string, d *expect.Difference, workers int) (differ bool, err error) {
	w := bufio.NewWriter(to)
	member := func(before, name string, v any) { fmt.Fprintf(w, "%s\n  %q: %s", before, name, indented("  ", v)) }
	member("{", "schema", "tcptrace.diff.v1")
	member(",", "a", paths[0])
	member(",", "b", paths[1])
	fmt.Fprint(w, ",\n  \"pairs\": [")
	before, end := "", ""
	err = expect.Each(ctx, d, processors(workers), 0, func(p *expect.Pair) written {
		record := pairRecord{p.A.Stream, p.B.Stream, p.A.CommunityID(), p.B.CommunityID(), []changeRecord{}}
		for _, c := range p.Changes {
			record.Changes = append(record.Changes, changeRecord{c.Field, c.A, c.B})
		}
		return written{indented("    ", record), len(p.Changes) > 0}
	}, func(pair written) error {
		differ = differ || pair.differ
		_, err := fmt.Fprintf(w, "%s\n    %s", before, pair.text)
		before, end = ",", "\n  "
		return err
	})
	if err != nil {
		return false, err
	}
	fmt.Fprint(w, end, "]")
	member(",", "only_a", streamsOf(d.OnlyA))
	member(",", "only_b", streamsOf(d.OnlyB))
	member(",", "only_a_community_ids", idsOf(d.OnlyA))
	member(",", "only_b_community_ids", idsOf(d.OnlyB))
	fmt.Fprint(w, "\n}\n")
	return differ || len(d.OnlyA)+len(d.OnlyB) > 0, w.Flush()
}

// indented is v as it stands in a document, its lines behind the first after prefix. v has nothing that JSON does not.
func indented(prefix string, v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent(prefix, "  ")
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func streamsOf(list []expect.Party) []uint64 {
	streams := []uint64{}
	for _, p := range list {
		streams = append(streams, p.Stream)
	}
	return streams
}

func idsOf(list []expect.Party) []string {
	ids := []string{}
	for i := range list {
		ids = append(ids, list[i].CommunityID())
	}
	return ids
}
