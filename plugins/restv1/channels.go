package restv1

import (
	"net/http"
	"strings"
)

// configPrefix begins the one route whose channel may carry a format.
const configPrefix = "/api/v1/config/"

// Channels finds the channel of a configuration request behind the format that
// its segment may end in.
func (*Profile) Channels(_ *http.Request, path string) []string {
	segment, found := strings.CutPrefix(path, configPrefix)
	if !found || strings.Contains(segment, "/") {
		return nil
	}
	for _, format := range formats {
		if channel, cut := strings.CutSuffix(segment, format); cut {
			return []string{channel}
		}
	}
	return []string{segment}
}
