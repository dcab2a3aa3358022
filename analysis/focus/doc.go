// Package focus knows the columns of the FOCUS cost-and-usage table, versions 1.0 to 1.3: their types, units, allowed
// values and meaning, and the few columns the store adds itself. A header goes in and its version comes out
// ([DetectVersion]); a column's name goes in and what it means comes out ([Lookup], [WriteDictionary]).
//
// The registry is columns.tsv, one row a column. A new FOCUS version is new rows in that file and nothing else: which
// versions exist, which names are older names, and what a file must have to be accepted are all read from it.
//
// Three columns name the parties to a charge, and they are kept apart. ServiceProviderName is who sells the service;
// files before 1.3 call it ProviderName, and both land in ServiceProviderName (the newer one wins where a file has both
// and it is not empty). PublisherName, who made what a marketplace sells, has no successor and stays its own column.
// HostProviderName, on whose machines it runs, is new in 1.3 and never filled from an older column.
package focus
