package roster

import (
	"slices"

	"github.com/caddy-dcr/caddy-dcr/internal/application"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
)

// mobile are the platforms whose apps return to a custom scheme.
var mobile = []string{string(device.IOS), string(device.TVOS), string(device.Android)}

// NamesMobile says whether a new application names a platform whose apps
// return to a custom scheme.
func NamesMobile(a *application.Application) bool {
	return slices.ContainsFunc(a.Platforms, func(p string) bool { return slices.Contains(mobile, p) })
}

// Inherit adds to a new application what its programmer and its channels hand
// on: custom schemes to one that can use them, and the channels' domains to one
// that has none of its own. It is copied, since an application never changes.
func Inherit(a *application.Application, p Programmer, channels ...Channel) {
	schemes := a.AllPlatforms || NamesMobile(a)
	if schemes {
		union(&a.CustomSchemes, p.CustomSchemes)
	}
	bare := len(a.Domains) == 0
	for _, ch := range channels {
		if schemes {
			union(&a.CustomSchemes, ch.CustomSchemes)
		}
		if bare {
			union(&a.Domains, ch.Domains)
		}
	}
}

func union(into *[]string, from []string) {
	for _, value := range from {
		if !slices.Contains(*into, value) {
			*into = append(*into, value)
		}
	}
}
