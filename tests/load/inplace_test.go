//go:build linux

package load

import (
	"bufio"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/caddy-dcr/caddy-dcr/tests/harness"
)

// bucket is how many decisions took at most so long.
type bucket struct {
	limit string
	count float64
}

// inPlace prints how long the decisions took where they were made, by the
// gateway's own histogram.
func inPlace(t *testing.T, g *harness.Gateway) {
	t.Helper()
	buckets := decisions(t, g)
	total := buckets[len(buckets)-1].count
	t.Logf("decisions in the gateway, of %.0f that were timed: half within %s s, 99 %% within %s s",
		total, within(buckets, 0.5), within(buckets, 0.99))
}

// within is the upper bound of the bucket in which the share is reached.
func within(buckets []bucket, share float64) string {
	total := buckets[len(buckets)-1].count
	for _, b := range buckets {
		if b.count >= share*total {
			return b.limit
		}
	}
	return "+Inf"
}

func decisions(t *testing.T, g *harness.Gateway) []bucket {
	t.Helper()
	response, err := http.Get("http://" + g.Admin + "/metrics")
	require.NoError(t, err)
	defer response.Body.Close()
	var buckets []bucket
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		rest, found := strings.CutPrefix(lines.Text(), `caddy_dcr_decision_duration_seconds_bucket{profile="rest_v2",le="`)
		if !found {
			continue
		}
		limit, value, _ := strings.Cut(rest, `"} `)
		count, err := strconv.ParseFloat(value, 64)
		require.NoError(t, err, fmt.Sprintf("bucket %s", limit))
		buckets = append(buckets, bucket{limit, count})
	}
	require.NotEmpty(t, buckets, "no histogram of decisions at %s", g.Admin)
	return buckets
}
