package metrics

import _ "embed" // the dashboard

// Dashboard is a Grafana dashboard, as JSON, for what is served.
//
//go:embed grafana.json
var Dashboard []byte
