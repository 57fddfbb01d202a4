/** The name of this build, such as `0.1.0+3f2a91bc`; see `build/id.ts`. */
declare const __BUILD__: string;
