package capture_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"tcptrace/internal/live/capture"
	"tcptrace/internal/testutil/netns"
)

func TestList(t *testing.T) {
	n := netns.New(t)
	n.A.IP("link", "add", "down0", "type", "veth", "peer", "name", "down1")
	var list []capture.Device
	var err error
	n.A.Do(func() { list, err = capture.List() })
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range list {
		names = append(names, d.Name)
		up := !strings.HasPrefix(d.Name, "down")
		if (d.Err == nil) != up || d.Up != up || d.Loopback != (d.Name == "lo") {
			t.Errorf("%+v", d)
		}
		switch addresses := fmt.Sprint(d.Addresses); {
		case d.Name == "lo" && addresses != "[127.0.0.1/8 ::1/128]",
			d.Name == n.A.Device && !strings.HasPrefix(addresses, "[10.77.0.1/24 fd77::1/64"):
			t.Errorf("%s has %s", d.Name, addresses)
		}
	}
	if got, want := strings.Join(names, " "), "down0 down1 lo veth-a any"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestListWithoutRights(t *testing.T) {
	if out := child(t, netns.New(t).A, "list", "/", otherUser()); strings.Count(out, "setcap") != 3 {
		t.Errorf("got\n%s", out)
	}
}

// listRefused prints why none of the interfaces can be opened.
func listRefused(string, string) error {
	list, err := capture.List()
	for _, d := range list {
		var p *capture.Permission
		if !errors.As(d.Err, &p) {
			err = errors.Join(err, fmt.Errorf("%s: %v", d.Name, d.Err))
		}
		fmt.Println(d.Err)
	}
	return err
}
