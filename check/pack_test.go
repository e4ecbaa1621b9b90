package check

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/check/expect"
)

// What differs between two captures does not depend on the number of goroutines, and what is wrong with the first one is told first.
func TestPack(t *testing.T) {
	const golden = "../testdata/pcaps/"
	differences := func(a, b string, workers int) (string, error) {
		packed, err := Pack(t.Context(), [2]string{a, b}, Options{Options: analyzer.Options{}, Workers: workers})
		if err != nil {
			return "", err
		}
		var text, document bytes.Buffer
		d := expect.Diff(packed[0], packed[1], expect.Tolerance{})
		if _, err := WriteDiff(t.Context(), &text, d, true, workers); err != nil {
			t.Fatal(err)
		}
		if _, err := WriteDiffJSON(t.Context(), &document, []string{a, b}, d, workers); err != nil {
			t.Fatal(err)
		}
		return text.String() + document.String(), nil
	}
	want, err := differences(golden+"showcase.pcap", golden+"slow-handshake.pcap", 1)
	if err != nil || !strings.Contains(want, "in both: ") {
		t.Fatalf("%v: %s", err, want)
	}
	for _, workers := range []int{0, 2, 3, 8} {
		if got, err := differences(golden+"showcase.pcap", golden+"slow-handshake.pcap", workers); got != want || err != nil {
			t.Errorf("%d workers: %v\n%s\nwant\n%s", workers, err, got, want)
		}
		for range 20 {
			if _, err := differences(filepath.Join(golden, "none-a"), filepath.Join(golden, "none-b"), workers); err == nil || !strings.Contains(err.Error(), "none-a") {
				t.Errorf("%d workers: %v", workers, err)
			}
		}
		if _, err := differences(golden+"showcase.pcap", golden+"none-b", workers); err == nil || !strings.Contains(err.Error(), "none-b") {
			t.Errorf("%d workers: %v", workers, err)
		}
	}
}

// An interrupt ends comparing.
func TestDiffEnds(t *testing.T) {
	const golden = "../testdata/pcaps/showcase.pcap"
	packed, err := Pack(t.Context(), [2]string{golden, golden}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	why := errors.New("why")
	stop(why)
	if _, err := WriteDiff(ctx, &bytes.Buffer{}, expect.Diff(packed[0], packed[1], expect.Tolerance{}), true, 2); !errors.Is(err, why) {
		t.Error(err)
	}
}

// An interrupt ends packing: what is open then is not packed, since a part of a capture is not compared.
func TestPackEnds(t *testing.T) {
	for _, ends := range []bool{false, true} {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		j := loading("../testdata/pcaps/showcase.pcap", &Options{}, 1)
		src := j.source(t.Context())
		defer src.Close()
		if ends {
			stop()
		}
		p := &packer{ctx: ctx}
		if _, err := j.pass(t.Context(), src, p); errors.Is(err, context.Canceled) != ends || (p.all.Len() == 0) != ends {
			t.Errorf("ends %v: %d packed, %v", ends, p.all.Len(), err)
		}
	}
}
