package cloud

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// other is a server with a bucket of captures that speaks as much of a cloud's protocol as is needed to read.
type other struct {
	*httptest.Server
	objects map[string][]byte
	cut     int64 // bytes of a body after which the connection is cut; 0: never
	bodies  atomic.Int64

	vanishes bool // once it was asked for a body, it has nothing any more
}

var modified = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func newOther(t *testing.T, handle func(*other, http.ResponseWriter, *http.Request)) *other {
	o := &other{objects: map[string][]byte{}}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if o.vanishes && o.bodies.Load() > 0 {
			http.NotFound(w, r)
			return
		}
		handle(o, w, r)
	}))
	t.Cleanup(o.Close)
	return o
}

func etag(text []byte) string { return fmt.Sprintf(`"%x"`, len(text)) }

// body answers with an object, or the part of it that is asked for.
func (o *other) body(w http.ResponseWriter, r *http.Request, text []byte) {
	if r.Method == http.MethodGet {
		o.bodies.Add(1)
		if o.cut > 0 {
			w = &cutting{w, o.cut}
		}
	}
	w.Header().Set("ETag", etag(text))
	w.Header().Set("Content-Type", "application/octet-stream")
	if part := r.Header.Get("x-ms-range"); part != "" {
		r.Header.Set("Range", part)
	}
	http.ServeContent(w, r, "", modified, strings.NewReader(string(text)))
}

func (o *other) names(prefix string) (names []string) {
	for name := range o.objects {
		if strings.HasPrefix(name, prefix) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// google answers as Google Cloud Storage does (https://cloud.google.com/storage/docs/json_api).
func google(o *other, w http.ResponseWriter, r *http.Request) {
	about := func(name string) map[string]string {
		text := o.objects[name]
		return map[string]string{"kind": "storage#object", "bucket": "captures", "name": name, "size": strconv.Itoa(len(text)), "etag": etag(text),
			"generation": "1", "updated": modified.Format(time.RFC3339), "contentType": "application/octet-stream"}
	}
	name, meta := strings.CutPrefix(r.URL.Path, "/storage/v1/b/captures/o")
	name = strings.TrimPrefix(strings.TrimPrefix(name, "/captures"), "/")
	text, there := o.objects[name]
	switch {
	case meta && name == "":
		items := []map[string]string{}
		for _, name := range o.names(r.URL.Query().Get("prefix")) {
			items = append(items, about(name))
		}
		json.NewEncoder(w).Encode(map[string]any{"kind": "storage#objects", "items": items})
	case !there:
		http.NotFound(w, r)
	case meta && r.URL.Query().Get("alt") != "media":
		json.NewEncoder(w).Encode(about(name))
	default:
		w.Header().Set("X-Goog-Generation", "1")
		o.body(w, r, text)
	}
}

// azure answers as Azure Blob Storage does (https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api).
func azure(o *other, w http.ResponseWriter, r *http.Request) {
	type properties struct {
		Modified string `xml:"Last-Modified"`
		Etag     string
		Length   int `xml:"Content-Length"`
		BlobType string
	}
	type item struct {
		Name       string
		Properties properties
	}
	w.Header().Set("x-ms-version", "2023-11-03")
	if r.URL.Query().Get("comp") == "list" {
		var list struct {
			XMLName xml.Name `xml:"EnumerationResults"`
			Blobs   []item   `xml:"Blobs>Blob"`
		}
		for _, name := range o.names(r.URL.Query().Get("prefix")) {
			text := o.objects[name]
			list.Blobs = append(list.Blobs, item{name, properties{modified.Format(http.TimeFormat), etag(text), len(text), "BlockBlob"}})
		}
		w.Header().Set("Content-Type", "application/xml")
		xml.NewEncoder(w).Encode(list)
		return
	}
	text, there := o.objects[strings.TrimPrefix(r.URL.Path, "/account/captures/")]
	if !there {
		w.Header().Set("x-ms-error-code", "BlobNotFound")
		http.Error(w, "<Error><Code>BlobNotFound</Code></Error>", http.StatusNotFound)
		return
	}
	w.Header().Set("x-ms-blob-type", "BlockBlob")
	w.Header().Set("x-ms-creation-time", modified.Format(http.TimeFormat))
	o.body(w, r, text)
}

// TestOtherClouds: gs:// and azblob:// are read as files are, with globs, and where connections are cut; what fails ends with status 3 and says where.
func TestOtherClouds(t *testing.T) {
	var files []string
	all, _ := filepath.Glob(filepath.Join(root, "testdata", "pcaps", "[a-c]*.pcap"))
	for _, cloud := range []struct {
		scheme string
		handle func(*other, http.ResponseWriter, *http.Request)
		access func(host string) (query string, environment []string)
	}{
		{"gs", google, func(host string) (string, []string) { return "", []string{"STORAGE_EMULATOR_HOST=" + host} }},
		{"azblob", azure, func(host string) (string, []string) {
			return "?protocol=http&localemu=true&domain=" + host, []string{"AZURE_STORAGE_ACCOUNT=account", "AZURE_STORAGE_KEY=" + base64.StdEncoding.EncodeToString([]byte("SECRET"))}
		}},
	} {
		t.Run(cloud.scheme, func(t *testing.T) {
			o := newOther(t, cloud.handle)
			files = nil
			for _, path := range all[:2] {
				files = append(files, path)
				o.objects["dir/"+filepath.Base(path)] = golden(t, filepath.Base(path))
			}
			o.objects["dir/deeper/x.pcap"] = golden(t, "showcase.pcap")
			var query string
			query, credentials = cloud.access(strings.TrimPrefix(o.URL, "http://"))
			t.Cleanup(func() { credentials = nil })
			url := func(key string) string { return cloud.scheme + "://captures/" + key + query }
			for _, o.cut = range []int64{0, 1000} {
				for _, command := range [][]string{{"--format", "ndjson"}, {"timeline", "--format", "ndjson"}} {
					code, want, _ := tcptrace(t, append(slices.Clone(command), files...)...)
					code2, got, stderr := tcptrace(t, append(slices.Clone(command), url("dir/*.pcap"))...)
					if code != 0 || code2 != 0 || got != want {
						t.Errorf("cut %d: %q: exit code %d, %d bytes, want %d: %s", o.cut, command, code2, len(got), len(want), stderr)
					}
				}
			}
			for _, test := range []struct {
				key, want string
				vanishes  bool
			}{{"dir/none.pcap", "there is no such object", false}, {"dir/deeper/x.pcap", "at offset", true}} {
				o.bodies.Store(0)
				o.vanishes = test.vanishes
				code, _, stderr := tcptrace(t, "--format", "ndjson", url(test.key))
				if code != 3 || !strings.Contains(stderr, test.want) || strings.Contains(stderr, "SECRET") || strings.Contains(stderr, "account") {
					t.Errorf("%s: exit code %d: %s", test.key, code, stderr)
				}
			}
		})
	}
}
