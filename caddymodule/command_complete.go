package caddymodule

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/caddy-dcr/caddy-dcr/internal/access"
	"github.com/caddy-dcr/caddy-dcr/internal/contract"
	"github.com/caddy-dcr/caddy-dcr/internal/device"
	"github.com/caddy-dcr/caddy-dcr/internal/management"
	"github.com/caddy-dcr/caddy-dcr/internal/revocation"
	"github.com/caddy-dcr/caddy-dcr/internal/state"
)

// words is a closed set as texts.
func words[T ~string](set []T) []string {
	all := make([]string, len(set))
	for i, word := range set {
		all[i] = string(word)
	}
	return all
}

func kindWords() []string      { return words(revocation.Kinds) }
func operationWords() []string { return words(access.Operations) }
func profileWords() []string   { return words(contract.Profiles) }
func platformWords() []string  { return words(device.Platforms) }
func usesOfKeys() []string     { return words(state.KeyUses) }

// completeWords completes the first argument with one of a closed set.
func completeWords(set func() []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return set(), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag completes the value of a flag with one of a closed set.
func completeFlag(cmd *cobra.Command, flag string, set func() []string) {
	_ = cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return set(), cobra.ShellCompDirectiveNoFileComp
	}) // it fails only for a flag that there is not, which a test would find
}

// completeTarget completes what a kill switch is thrown on.
func completeTarget(kinds []revocation.Kind) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
		switch {
		case len(args) == 0:
			return words(kinds), cobra.ShellCompDirectiveNoFileComp
		case len(args) > 1 || !slices.Contains(kinds, revocation.Kind(args[0])):
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		switch revocation.Kind(args[0]) {
		case revocation.Platform:
			return platformWords(), cobra.ShellCompDirectiveNoFileComp
		case revocation.Application:
			return completeApplications(cmd, nil, typed)
		case revocation.Key:
			return completeKeys(cmd, nil, typed)
		default:
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
	}
}

// completeApplications asks the gateway which applications there are. Where it
// does not answer there is nothing to complete, and nothing to say.
func completeApplications(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var list management.Applications
	c := &call{cmd: cmd}
	if len(args) > 0 || c.ask("GET", "/applications", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, a := range list.Applications {
		if !a.Revoked {
			ids = append(ids, a.ID.String()+"\t"+clean(a.Name+" "+a.Version+", "+a.Programmer))
		}
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// completeKeys asks the gateway which keys it has.
func completeKeys(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var list management.KeyList
	c := &call{cmd: cmd}
	if len(args) > 0 || c.ask("GET", "/keys", nil, &list) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var ids []string
	for _, k := range list.Keys {
		ids = append(ids, k.ID+"\t"+clean(k.Use+", "+k.State))
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}
