package profilekit

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/caddy-dcr/caddy-dcr/plugins"
)

func TestThrottledLeavesItsArgumentAlone(t *testing.T) {
	routes := []plugins.Route{{Path: "/a", Open: true}, {Path: "/b"}}
	assert.Equal(t, []plugins.Route{{Path: "/a", Open: true, Throttled: true}, {Path: "/b", Throttled: true}}, Throttled(routes))
	assert.False(t, routes[0].Throttled)
}
