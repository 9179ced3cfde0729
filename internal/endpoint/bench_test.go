package endpoint

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func BenchmarkCanonical(b *testing.B) {
	for name, target := range map[string]string{
		"plain":   "/api/v2/REF30/profiles/code/ABCDEFG",
		"query":   "/reset-tempass/v3/reset?requestor_id=REF30&mvpd=TempPass&device_id=all",
		"encoded": "/api/v2/REF%2030/profiles/caf%C3%A9",
		"refused": "/api/v2/..;/admin",
	} {
		b.Run(name, func(b *testing.B) {
			r := arrive(b, target)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Canonical(r)
			}
		})
	}
}

func BenchmarkMatch(b *testing.B) {
	compiled := table(b, streaming)
	for name, path := range map[string]string{
		"names":     "/api/v2/REF30/profiles/code/ABCDEFG",
		"literals":  "/api/v2/authenticate/REF30/ABCDEFG",
		"many":      "/esm/v3/media-company/year/month/requestor-id",
		"not found": "/api/v2/REF30/nothing",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				compiled.Match(http.MethodGet, path)
			}
		})
	}
}

func BenchmarkNamed(b *testing.B) {
	described := api([2]string{http.MethodGet, "/a/{channel}"})
	described.Routes[0].Entitled = []plugins.Location{
		{In: plugins.InPath, Name: "channel", Names: plugins.NamesProgrammer},
		{In: plugins.InQuery, Name: "requestor_id", Names: plugins.NamesChannel, Required: true},
	}
	described.Routes[0].Required = []plugins.Parameter{{In: plugins.InQuery, Name: "mvpd"}}
	m := table(b, described).Match(http.MethodGet, "/a/Demo")
	require.Equal(b, Found, m.Outcome)
	for name, query := range map[string]string{
		"plain":   "device_id=0123456789abcdef&mvpd=TempPass&requestor_id=REF30",
		"encoded": "device%5Fid=0123456789abcdef&mv%70d=TempPass&%72equestor_id=REF30",
	} {
		b.Run(name, func(b *testing.B) {
			p := Parameters{query: query}
			b.ReportAllocs()
			for b.Loop() {
				var buffer [4]Named
				if len(m.Named(p, buffer[:0])) != 2 || m.Missing(p) != nil {
					b.Fatal("not what the request names")
				}
			}
		})
	}
}

func BenchmarkRemoveQuery(b *testing.B) {
	for name, query := range map[string]string{
		"absent":  "requestor_id=REF30&mvpd=TempPass&device_id=all",
		"present": "requestor_id=REF30&access_token=0123456789&mvpd=TempPass",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				RemoveQuery(query, "access_token")
			}
		})
	}
}
