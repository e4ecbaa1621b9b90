package anonymize

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/netip"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"tcptrace/analyzer"
	"tcptrace/internal/input"
	"tcptrace/report"
)

// sampleKey is that of the reference implementation's sample.
var sampleKey = [KeySize]byte{21, 34, 23, 141, 51, 164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
	216, 152, 143, 131, 121, 121, 101, 39, 98, 87, 76, 45, 42, 132, 34, 2}

// TestCryptoPAn: the vectors that came with the reference implementation (IPv4), and those that other implementations agree on (IPv6).
func TestCryptoPAn(t *testing.T) {
	a, err := newAddresses(sampleKey)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		"128.11.68.132": "135.242.180.132", "129.118.74.4": "134.136.186.123", "130.132.252.244": "133.68.164.234",
		"141.223.7.43": "141.167.8.160", "141.233.145.108": "141.129.237.235", "152.163.225.39": "151.140.114.167",
		"156.29.3.236": "147.225.12.42", "165.247.96.84": "162.9.99.234", "166.107.77.190": "160.132.178.185",
		"192.102.249.13": "252.138.62.131", "10.185.25.118": "117.161.29.118", "64.39.15.238": "0.219.7.41",
		"::1": "78ff:f001:9fc0:20df:8380:b1f1:704:ed", "::2": "78ff:f001:9fc0:20df:8380:b1f1:704:ef",
		"::ffff": "78ff:f001:9fc0:20df:8380:b1f1:704:f838", "2001:db8::1": "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e",
		"2001:db8::2": "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c",
	} {
		var in [16]byte
		n := copy(in[:], netip.MustParseAddr(from).AsSlice())
		out := a.prefixes(in, n, nil)
		if got, _ := netip.AddrFromSlice(out[:n]); got.String() != to {
			t.Errorf("%s became %s, want %s", from, got, to)
		}
	}
}

func TestMAC(t *testing.T) {
	a, err := newAddresses(sampleKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, same := range []string{"\xff\xff\xff\xff\xff\xff", "\x01\x00\x5e\x00\x00\x01", "\x00\x00\x00\x00\x00\x00", "short"} {
		b := []byte(same)
		if a.mac(b); string(b) != same {
			t.Errorf("% x became % x", same, b)
		}
	}
	b := []byte("\x00\x1b\x21\x01\x02\x03")
	if a.mac(b); b[0]&3 != 2 || bytes.Contains(b, []byte("\x1b\x21")) {
		t.Errorf("% x", b)
	}
	again := []byte("\x00\x1b\x21\x01\x02\x03")
	if a.mac(again); !bytes.Equal(again, b) {
		t.Errorf("% x, then % x", b, again)
	}
}

func TestReadKey(t *testing.T) {
	raw, hexed := strings.Repeat("k", KeySize), strings.Repeat("6b", KeySize)
	for text, ok := range map[string]bool{
		raw: true, hexed: true, hexed + "\n": true, hexed + "\r\n": true, raw[1:]: false, raw + "k": false, hexed + "6": false, hexed[1:] + "x": false, "": false,
	} {
		key, err := ReadKey(strings.NewReader(text))
		if (err == nil) != ok || ok && string(key[:]) != raw {
			t.Errorf("%q: %q, %v", text, key, err)
		}
	}
	if first, second := RandomKey(), RandomKey(); first == second {
		t.Error("two random keys are the same")
	}
}

const goldenDir = "../../testdata/pcaps"

var addressText = regexp.MustCompile(`\b\d+\.\d+\.\d+\.\d+\b|\b[0-9a-f]*(:[0-9a-f]*){2,7}`)

// changed is text with the addresses that a makes of those in it.
func changed(text []byte, a *addresses) []byte {
	return addressText.ReplaceAllFunc(text, func(word []byte) []byte {
		addr, err := netip.ParseAddr(string(word))
		if err != nil {
			return word // a time of day
		}
		b := addr.AsSlice()
		a.ip(b)
		addr, _ = netip.AddrFromSlice(b)
		return []byte(addr.String())
	})
}

// analyzed is the records of a source, with addresses that a makes, without what is taken out on purpose.
func analyzed(t *testing.T, src input.Source, a *addresses) (list []map[string]any) {
	t.Helper()
	defer src.Close()
	var out bytes.Buffer
	format, _ := report.Formats.Find("ndjson")
	records := format.New(&out, report.TableOptions{})
	sum, err := analyzer.Run(context.Background(), src, analyzer.Options{}, records)
	if err != nil || records.Finish(&sum) != nil {
		t.Fatal(err)
	}
	text := out.Bytes()
	if a != nil {
		text = changed(text, a)
	}
	for d := json.NewDecoder(bytes.NewReader(text)); ; {
		var r map[string]any
		if err := d.Decode(&r); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		for _, side := range []string{"client", "server"} {
			of := r[side].(map[string]any)
			for _, field := range []string{"name", "name_source"} {
				delete(of, field)
			}
			sent := r["endpoints"].(map[string]any)[side].(map[string]any)["sent"].(map[string]any)
			for _, field := range []string{"truncated_packets", "truncated_bytes"} {
				delete(sent, field)
			}
		}
		delete(r, "community_id")
		delete(r, "alpn")
		if closed, ok := r["close"].(map[string]any); ok {
			delete(closed, "text")
		}
		delete(r, "interface")
		list = append(list, r)
	}
}

// TestGoldens: the analysis of every golden capture stays the same, but for what is taken out; no address and no payload stays.
func TestGoldens(t *testing.T) {
	captures, err := filepath.Glob(filepath.Join(goldenDir, "*.pcap*"))
	if err != nil || len(captures) == 0 {
		t.Fatal(err)
	}
	for _, path := range captures {
		if strings.HasPrefix(filepath.Base(path), "overlap-") || filepath.Base(path) == "tls-alert.pcap" {
			continue // that content differs, or is an alert of TLS, shows in the content only
		}
		for _, cut := range []bool{false, true} {
			open := func() input.Source { return input.Open([]string{path}, input.Options{}) }
			a, err := New(sampleKey, cut)
			if err != nil {
				t.Fatal(err)
			}
			want, got := analyzed(t, open(), a.addresses), analyzed(t, Source(open(), a), nil)
			if len(want) != len(got) {
				t.Errorf("%s: %d conversations, want %d", path, len(got), len(want))
				continue
			}
			for i := range want {
				compare(t, filepath.Base(path), want[i], got[i])
			}
		}
	}
}

// compare tells of every field that differs.
func compare(t *testing.T, where string, want, got any) {
	t.Helper()
	w, isMap := want.(map[string]any)
	g, both := got.(map[string]any)
	if isMap && both {
		for key := range g {
			if _, ok := w[key]; !ok {
				t.Errorf("%s.%s: %v is new", where, key, g[key])
			}
		}
		for key := range w {
			compare(t, where+"."+key, w[key], g[key])
		}
		return
	}
	if !reflect.DeepEqual(want, got) {
		t.Errorf("%s: %v, want %v", where, got, want)
	}
}
