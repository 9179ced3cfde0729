package managementapi

import "slices"

// operations is all that the API offers.
var operations = slices.Concat(
	ofProgrammers.operations(), ofChannels.operations(), ofApplications, ofProxyMVPDs.operations(),
	ofScopes.operations(), ofPlatforms.operations(), ofKills, ofChangeSets, ofInsight,
)
