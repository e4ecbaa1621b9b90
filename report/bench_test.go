package report

import (
	"io"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/report/internal/sample"
)

// countWriter measures what a format writes.
type countWriter struct{ n int64 }

func (w *countWriter) Write(p []byte) (int, error) {
	w.n += int64(len(p))
	return len(p), nil
}

func BenchmarkFormats(b *testing.B) {
	for _, choice := range Formats {
		format := choice.Is
		if !format.Streams {
			continue
		}
		b.Run(choice.Name, func(b *testing.B) {
			cs := sample.Conversations()[:3]
			var size countWriter
			write(b, format.New(&size, TableOptions{}), cs, &analyzer.Summary{})
			b.SetBytes(size.n / int64(len(cs)))
			r := format.New(io.Discard, TableOptions{})
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := r.Conversation(&cs[i%len(cs)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTableCollect is what a conversation costs that the table does not show.
func BenchmarkTableCollect(b *testing.B) {
	r := NewTable(io.Discard, TableOptions{Limit: 50})
	c := sample.Conversations()[0]
	b.ReportAllocs()
	for b.Loop() {
		c.Stream++
		c.Start++
		if err := r.Conversation(&c); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTableRows(b *testing.B) {
	cs := make([]analyzer.Conversation, 1000)
	for i := range cs {
		cs[i] = sample.Conversations()[i%3]
	}
	for b.Loop() {
		write(b, NewTable(io.Discard, TableOptions{}), cs, sample.Summary())
	}
}

func BenchmarkWhere(b *testing.B) {
	w, err := CompileWhere(`packets > 100 && server.port == 443`)
	if err != nil {
		b.Fatal(err)
	}
	c := sample.Conversations()[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, err := w.Match(&c); err != nil {
			b.Fatal(err)
		}
	}
}
