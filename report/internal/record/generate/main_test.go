package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestGenerated: the generated file is that of the table as it is.
func TestGenerated(t *testing.T) {
	table, err := os.ReadFile(filepath.Join("..", tableFile))
	if err != nil {
		t.Fatal(err)
	}
	want, err := generate(table)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join("..", generatedFile))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s is not what the table says: 'go generate ./report/...' writes it", generatedFile)
	}
}

func TestErrors(t *testing.T) {
	for entries, want := range map[string]string{
		`{Name: "a", Unit: Packets, Value: count(get)}`:                                                           "must always be in a record",
		`{Name: "a", Always: true, Value: count(get)}, {Name: "b"}, {Name: "c", Always: true, Value: count(get)}`: "c is always",
		`{Name: "a", Always: true, Value: get}`:                                                                   "not a call",
		`{Name: 1, Always: true, Value: count(get)}`:                                                              "invalid syntax",
		`{`: "missing",
	} {
		_, err := generate([]byte("package record\nvar Statistics = []Statistic{" + entries + "}\n"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", entries, err, want)
		}
	}
}

func TestFieldName(t *testing.T) {
	for name, want := range map[string]string{
		"packets": "Packets", "cumulatively_acked_packets": "CumulativelyACKedPackets", "rtt_p50_s": "RTTP50S", "post_loss_acks": "PostLossACKs",
	} {
		if got := fieldName(name); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
