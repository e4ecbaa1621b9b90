package record

import (
	"reflect"
	"strings"
	"testing"
)

// TestStatisticsAndRecord: SentRecord has a field for each statistic, of its name, in its order, and of a
// type for its unit.
func TestStatisticsAndRecord(t *testing.T) {
	record := reflect.TypeFor[SentRecord]()
	var statistics []Statistic
	for _, subject := range Statistics {
		statistics = append(statistics, subject.List...)
	}
	if record.NumField() != len(statistics) {
		t.Fatalf("SentRecord has %d fields for %d statistics", record.NumField(), len(statistics))
	}
	seen := map[string]bool{}
	for i, s := range statistics {
		f := record.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != s.Name || f.Tag.Get("expr") != s.Name || (options == "omitempty") == s.Always {
			t.Errorf("field %d is %s, for the statistic %s", i, f.Tag, s.Name)
		}
		kind := reflect.Uint64
		switch s.Unit {
		case Seconds, Ratio:
			kind = reflect.Float64
		case Flag:
			kind = reflect.Bool
		}
		if f.Type.Kind() != kind {
			t.Errorf("%s is a %s: it counts %s", f.Name, f.Type, s.Unit)
		}
		if seen[s.Name] || s.Text == "" {
			t.Errorf("%s stands there twice, or without a text", s.Name)
		}
		seen[s.Name] = true
		for suffix, unit := range map[string]Unit{"_bytes": Bytes, "_packets": Packets, "_s": Seconds, "_bytes_s": BytesPerSecond, "_ratio": Ratio} {
			if strings.HasSuffix(s.Name, suffix) && s.Unit != unit && !(suffix == "_s" && s.Unit == BytesPerSecond) {
				t.Errorf("%s counts %s", s.Name, s.Unit)
			}
		}
	}
}
