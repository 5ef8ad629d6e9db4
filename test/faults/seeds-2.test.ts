import { testSeeds } from './seeds.ts';

testSeeds(501, 1000);
