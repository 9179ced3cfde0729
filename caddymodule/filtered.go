package caddymodule

import (
	"reflect"
	"sync"

	"github.com/caddyserver/caddy/v2"
)

// filtering counts the filters in the logs of each configuration.
var filtering = struct {
	sync.Mutex
	of map[uintptr]int
}{of: map[uintptr]int{}}

// configOf is where Caddy keeps the configuration that a context belongs to.
// Caddy tells nobody; zero is one that cannot be found.
func configOf(ctx caddy.Context) reflect.Value {
	config := reflect.ValueOf(ctx).FieldByName("cfg")
	if !config.IsValid() || config.IsZero() {
		return reflect.Value{}
	}
	return config
}

// Provision notes that the configuration has a filter.
func (f *SecretsFilter) Provision(ctx caddy.Context) error {
	if config := configOf(ctx); config.IsValid() {
		f.config = config.Pointer()
	}
	filtering.Lock()
	defer filtering.Unlock()
	filtering.of[f.config]++
	return nil
}

// Cleanup implements caddy.CleanerUpper.
func (f *SecretsFilter) Cleanup() error {
	filtering.Lock()
	defer filtering.Unlock()
	if filtering.of[f.config]--; filtering.of[f.config] == 0 {
		delete(filtering.of, f.config)
	}
	return nil
}

// unfiltered says that no log of the configuration has the filter. Of one that
// cannot be found it says nothing.
func unfiltered(ctx caddy.Context) bool {
	config := configOf(ctx)
	if !config.IsValid() {
		return false
	}
	filtering.Lock()
	defer filtering.Unlock()
	return filtering.of[config.Pointer()] == 0
}
