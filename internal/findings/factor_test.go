package findings

import "testing"

// TestWhereVLAN: one tag alone is not that tag around another.
func TestWhereVLAN(t *testing.T) {
	for value, want := range map[string]string{"100": "vlan == 100 && inner_vlan == 0", "100.20": "vlan == 100 && inner_vlan == 20"} {
		if got := whereVLAN(value); got != want {
			t.Errorf("%s: %s, want %s", value, got, want)
		}
	}
}
